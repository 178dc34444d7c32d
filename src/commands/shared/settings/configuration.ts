import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { parseDotEnv } from './dotenv.js';
import { GLOBAL_FLAGS, longName } from './global-flags.js';
import {
  asMap,
  documentLayer,
  environmentLayer,
  flagLayer,
  flattenProperties,
  type Layer,
  parseProperties,
  propertyLayer,
} from './settings.js';

/** Name of the project file. */
export const PROJECT_FILE = 'streamctl.yaml';
/** Keys of the project file beside the global flags. */
const PROJECT_KEYS = ['context', 'properties', 'commands', 'pipelines', 'parameters'];

/** Where configuration is looked for. */
export interface ConfigurationEdges {
  readonly files: FileSystem;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly windows: boolean;
  /** `resolve` of node:path. */
  readonly resolve: (...parts: string[]) => string;
  readonly dirname: (path: string) => string;
  readonly parseYaml: (text: string) => Promise<unknown>;
}

/** All sources of configuration, read. */
export interface Configuration {
  /** In order of precedence. */
  readonly layers: readonly Layer[];
  /** Client keys, secrets not replaced yet. */
  readonly properties: Readonly<Record<string, string>>;
  /** Environment with what `.env` adds. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly projectFile: string | undefined;
  /** Folder of the project file, else the working folder. */
  readonly projectFolder: string;
  readonly userFile: string | undefined;
  readonly contextName: string | undefined;
  /** `--brokers` and `-X` as they were typed. */
  readonly typed: { readonly brokers: string | undefined; readonly properties: Readonly<Record<string, string>> };
}

/**
 * Reads `.env`, the project file and the user's contexts.
 * @param typed flags on the command line, by key (global and the command's own).
 * @throws `usage` when a file cannot be understood, `not-found` when one that was named is missing.
 */
export async function readConfiguration(
  edges: ConfigurationEdges,
  typed: Readonly<Record<string, unknown>>,
): Promise<Configuration> {
  const typedProperties = parseProperties((typed.property as readonly string[] | undefined) ?? []);
  const found = findProjectFile(edges, (typed.config as string | undefined) ?? edges.env.STREAMCTL_CONFIG);
  const projectFolder = found?.searched ? edges.dirname(found.path) : edges.folder;
  const dotEnv = readDotEnv(edges, projectFolder);
  const env = { ...dotEnv, ...edges.env };
  const project = found ? await readDocument(edges, found.path) : {};
  checkProjectKeys(project, found?.path);
  const userFile = userConfigFile({ ...edges, env });
  const user = userFile && edges.files.exists(userFile) ? await readDocument(edges, userFile) : {};
  const contextName =
    (typed.context as string | undefined) ??
    typedProperties.context ??
    env.STREAMCTL_CONTEXT ??
    (project.context as string | undefined) ??
    (user.current as string | undefined);
  const context = contextOf(user, contextName, userFile);
  return {
    layers: [
      flagLayer(typed as Readonly<Record<string, string>>),
      propertyLayer(typedProperties),
      environmentLayer('environment', edges.env),
      environmentLayer('.env', dotEnv),
      documentLayer(PROJECT_FILE, project),
      documentLayer(`context ${contextName ?? ''}`.trim(), context),
    ],
    properties: {
      ...flattenProperties(context.properties),
      ...flattenProperties(project.properties),
      ...parseProperties((env.STREAMCTL_PROPERTY ?? '').split('\n').filter((line) => line !== '')),
      ...typedProperties,
    },
    env,
    projectFile: found?.path,
    projectFolder,
    userFile,
    contextName,
    typed: { brokers: typed.brokers as string | undefined, properties: typedProperties },
  };
}

function findProjectFile(
  edges: ConfigurationEdges,
  named: string | undefined,
): { readonly path: string; readonly searched: boolean } | undefined {
  const { files, resolve, dirname } = edges;
  if (named !== undefined) {
    const path = resolve(edges.folder, named);
    if (!files.exists(path)) {
      throw new StreamctlError('not-found', `configuration file ${named} does not exist`, {
        hint: 'name an existing file with --config, or leave it out',
      });
    }
    return { path, searched: false };
  }
  for (let folder = edges.folder; ; folder = dirname(folder)) {
    const path = resolve(folder, PROJECT_FILE);
    if (files.exists(path)) return { path, searched: true };
    // The repository is the project: what lies above it belongs to somebody else.
    if (files.exists(resolve(folder, '.git')) || dirname(folder) === folder) return undefined;
  }
}

function readDotEnv(edges: ConfigurationEdges, projectFolder: string): Record<string, string> {
  for (const folder of [edges.folder, projectFolder]) {
    const path = edges.resolve(folder, '.env');
    if (edges.files.exists(path)) return parseDotEnv(fromUtf8(edges.files.readFile(path)));
  }
  return {};
}

async function readDocument(edges: ConfigurationEdges, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = fromUtf8(edges.files.readFile(path));
  let document: unknown;
  try {
    document = await edges.parseYaml(text);
  } catch (cause) {
    throw new StreamctlError('usage', `${path} is not YAML`, { detail: (cause as Error).message, cause });
  }
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new StreamctlError('usage', `${path} must hold a map of settings`);
  }
  return document as Readonly<Record<string, unknown>>;
}

function checkProjectKeys(project: Readonly<Record<string, unknown>>, path: string | undefined): void {
  const known = [...Object.keys(GLOBAL_FLAGS).map(longName), ...PROJECT_KEYS];
  for (const key of Object.keys(project)) {
    if (known.includes(key)) continue;
    const near = didYouMean(key, known);
    throw new StreamctlError('usage', `${path}: unknown setting "${key}"`, {
      hint: near
        ? `did you mean ${near}?`
        : "flags of one command stand under commands: 'topics create': partitions: 3",
    });
  }
}

/** `config.yaml` in the user's configuration folder; undefined when there is no home. */
export function userConfigFile(edges: Pick<ConfigurationEdges, 'env' | 'windows' | 'resolve'>): string | undefined {
  const { env, resolve } = edges;
  const base = env.XDG_CONFIG_HOME ?? (edges.windows ? env.APPDATA : undefined);
  if (base) return resolve(base, 'streamctl', 'config.yaml');
  return env.HOME ? resolve(env.HOME, '.config', 'streamctl', 'config.yaml') : undefined;
}

function contextOf(
  user: Readonly<Record<string, unknown>>,
  name: string | undefined,
  path: string | undefined,
): Readonly<Record<string, unknown>> {
  if (name === undefined) return {};
  const contexts = asMap(user.contexts);
  if (!(name in contexts)) {
    const names = Object.keys(contexts);
    const near = didYouMean(name, names);
    throw new StreamctlError('not-found', `context "${name}" does not exist`, {
      detail: names.length > 0 ? `${path} has: ${names.join(', ')}` : `${path ?? 'the configuration'} has no contexts`,
      hint: near ? `did you mean ${near}?` : `streamctl context create ${name} --brokers host:9092`,
    });
  }
  return asMap(contexts[name]);
}
