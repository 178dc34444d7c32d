import { StreamctlError } from '../../../base/errors.js';
import type { FlagSpec, FlagSpecs } from '../frame/command.js';
import { defaultOf, type FlagValue, parseFlag, type RawFlag } from '../frame/flag-values.js';
import { environmentName, longName } from './global-flags.js';
import type { Secrets } from './secrets.js';

/** One source of configuration. */
export interface Layer {
  /** For messages and `config show`: `flag`, `environment`, `streamctl.yaml`. */
  readonly name: string;
  /** What it says about flag `key` of the command at `path`, and how that is written there. */
  get(key: string, path: string): { readonly value: RawFlag; readonly label: string } | undefined;
}

/** A value with the source it came from; `default` when nobody gave it. */
export interface Resolved {
  readonly value: FlagValue | undefined;
  readonly source: string;
}

/** What was typed, by flag key. */
export function flagLayer(values: Readonly<Record<string, RawFlag>>): Layer {
  return {
    name: 'flag',
    get(key) {
      const value = values[key];
      return value === undefined ? undefined : { value, label: `--${longName(key)}` };
    },
  };
}

/** `-X key=value` whose key is a flag's long name. */
export function propertyLayer(properties: Readonly<Record<string, string>>): Layer {
  return {
    name: '-X',
    get(key) {
      const value = properties[longName(key)];
      return value === undefined ? undefined : { value, label: `-X ${longName(key)}` };
    },
  };
}

/** The environment twins of all flags; a list is written one item per line, or with its separator. */
export function environmentLayer(name: string, env: Readonly<Record<string, string | undefined>>): Layer {
  return {
    name,
    get(key) {
      const variable = environmentName(key);
      const text = env[variable];
      // An empty variable is how shells and CI systems say "not set".
      return text === undefined || text === '' ? undefined : { value: text, label: variable };
    },
  };
}

/** A YAML document: flags by long name on top, and under `commands` those of one command. */
export function documentLayer(name: string, document: Readonly<Record<string, unknown>>): Layer {
  return {
    name,
    get(key, path) {
      const commands = asMap(document.commands);
      const own = asMap(commands[path]);
      const value = own[longName(key)] ?? document[longName(key)];
      if (value === undefined || value === null) return undefined;
      if (typeof value === 'object' && !Array.isArray(value)) {
        throw new StreamctlError('usage', `${name}: ${longName(key)} must be a value, not a map`);
      }
      return { value: value as RawFlag, label: `${longName(key)} in ${name}` };
    },
  };
}

/** `value` when it is a map, else an empty one. */
export function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/**
 * Checked values of `specs`, each from the first layer that has it, secrets replaced last.
 * @param path words of the command, `topics create`.
 * @throws `usage`
 */
export function resolveFlags(
  specs: FlagSpecs,
  layers: readonly Layer[],
  path: string,
  secrets: Secrets,
): Record<string, Resolved> {
  const resolved: Record<string, Resolved> = {};
  for (const [key, spec] of Object.entries(specs)) {
    resolved[key] = resolveFlag(key, spec, layers, path, secrets);
    if (spec.required && resolved[key]!.value === undefined) {
      throw new StreamctlError('usage', `--${longName(key)} is missing`, {
        hint: `streamctl ${path} --${longName(key)} ${spec.placeholder ?? 'VALUE'}`,
      });
    }
  }
  return resolved;
}

function resolveFlag(key: string, spec: FlagSpec, layers: readonly Layer[], path: string, secrets: Secrets): Resolved {
  for (const layer of layers) {
    const found = layer.get(key, path);
    if (!found) continue;
    const raw = splitLines(spec, found.value);
    // Client properties are resolved when somebody connects, see makeContext.
    const value = parseFlag(key, spec, key === 'property' ? raw : reveal(raw, secrets), found.label);
    return { value, source: layer.name };
  }
  return { value: defaultOf(key, spec), source: 'default' };
}

function splitLines(spec: FlagSpec, raw: RawFlag): RawFlag {
  return spec.type === 'list' && typeof raw === 'string' ? raw.split('\n').filter((line) => line !== '') : raw;
}

function reveal(raw: RawFlag, secrets: Secrets): RawFlag {
  if (typeof raw === 'string') return secrets.resolve(raw);
  if (Array.isArray(raw)) return raw.map((item) => (typeof item === 'string' ? secrets.resolve(item) : item));
  return raw;
}

/**
 * Splits `key=value` texts of `-X`.
 * @throws `usage` when a text has no `=`.
 */
export function parseProperties(texts: readonly string[]): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0) {
      throw new StreamctlError('usage', `-X "${text}" is not key=value`, {
        hint: 'for example -X security.protocol=SASL_SSL',
      });
    }
    properties[text.slice(0, at).trim()] = text.slice(at + 1);
  }
  return properties;
}

/** Nested maps as dotted keys: `{ sasl: { username: 'a' } }` -> `sasl.username=a`. */
export function flattenProperties(value: unknown, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [key, member] of Object.entries(asMap(value))) {
    const name = prefix + key;
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      Object.assign(flat, flattenProperties(member, `${name}.`));
    } else if (member !== null && member !== undefined) {
      flat[name] = String(member);
    }
  }
  return flat;
}
