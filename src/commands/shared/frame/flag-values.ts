import { StreamctlError } from '../../../base/errors.js';
import { parseDuration } from '../../../base/time.js';
import { longName } from '../settings/global-flags.js';
import type { FlagSpec } from './command.js';

/** A checked value of a flag. */
export type FlagValue = string | number | boolean | readonly string[];

/** What a source of configuration gives for a flag, before it is checked. */
export type RawFlag = string | number | boolean | readonly (string | number | boolean)[];

const TRUE = new Set(['true', 'yes', 'on', '1']);
const FALSE = new Set(['false', 'no', 'off', '0', '']);

/**
 * Checks what was written for flag `key` and gives it its type (see {@link FlagSpec}).
 * @param source where it was written, for the message: `--partitions`, `STREAMCTL_PARTITIONS`, `streamctl.yaml`.
 * @throws `usage`
 */
export function parseFlag(key: string, spec: FlagSpec, raw: RawFlag, source = `--${longName(key)}`): FlagValue {
  const wrong = (expected: string): StreamctlError =>
    new StreamctlError('usage', `${source}: ${JSON.stringify(raw)} is not ${expected}`);
  if (spec.type === 'list') {
    const items = (Array.isArray(raw) ? raw : [raw]).map(String);
    const { separator } = spec;
    return separator === undefined ? items : items.flatMap((item) => splitList(item, separator));
  }
  if (spec.type === 'boolean') {
    const text = String(raw).toLowerCase();
    if (TRUE.has(text)) return true;
    if (FALSE.has(text)) return false;
    throw wrong('yes or no');
  }
  const last = Array.isArray(raw) ? raw.at(-1) : raw;
  const text = String(last ?? '');
  switch (spec.type) {
    case 'string':
      return text;
    case 'number':
      return parseNumber(text, spec, wrong);
    case 'duration':
      try {
        return parseDuration(text);
      } catch {
        throw new StreamctlError('usage', `${source}: "${text}" is not a duration`, {
          hint: 'write 500ms, 10s, 1m30s or 2h',
        });
      }
    case 'choice':
      if (!spec.choices.includes(text)) throw wrong(`one of ${spec.choices.join(', ')}`);
      return text;
  }
}

function parseNumber(
  text: string,
  spec: FlagSpec & { type: 'number' },
  wrong: (expected: string) => StreamctlError,
): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw wrong('a number');
  if (spec.integer && !Number.isSafeInteger(value)) throw wrong('a whole number');
  if (spec.min !== undefined && value < spec.min) throw wrong(`at least ${spec.min}`);
  if (spec.max !== undefined && value > spec.max) throw wrong(`at most ${spec.max}`);
  return value;
}

/** Splits at `separator`, trims, and drops what is empty. */
export function splitList(text: string, separator = ','): string[] {
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The value of a flag that nobody gave; undefined where there is none. */
export function defaultOf(key: string, spec: FlagSpec): FlagValue | undefined {
  if (spec.type === 'list') return [];
  if (spec.type === 'boolean') return spec.default ?? false;
  return spec.default === undefined ? undefined : parseFlag(key, spec, spec.default);
}
