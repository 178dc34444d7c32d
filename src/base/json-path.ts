import type { JsonValue } from './row-batch.js';

/** A step into JSON: a key, a place in an array (from 0), or all members. */
type Step = string | number | typeof EVERY;
const EVERY = Symbol('every member');

/** Where something is inside JSON. */
export interface JsonPath {
  /** Everything that it leads to, in order. */
  find(value: JsonValue): readonly JsonValue[];
  /** Whether it can lead to several values. */
  readonly isMany: boolean;
}

const STEP =
  /\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\.(\*)|\[(\d{1,9})\]|\[(\*)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

function compile(path: string): JsonPath | string {
  const lead = /^\s*(?:(?:lax|strict)\s+)?\$/i.exec(path);
  if (!lead) return 'a path begins with $';
  const steps: Step[] = [];
  let at = lead[0].length;
  const text = path.trimEnd();
  while (at < text.length) {
    STEP.lastIndex = at;
    const found = STEP.exec(text);
    if (!found) return `"${text.slice(at, at + 20)}" is not offered in a path: .key, ['key'], [0], [*] and .* are`;
    const [, key, all, place, allPlaces, single, double] = found;
    const quoted = single ?? double;
    if (all !== undefined || allPlaces !== undefined) steps.push(EVERY);
    else if (place !== undefined) steps.push(Number(place));
    else steps.push(key ?? quoted!.replaceAll(/\\(.)/g, '$1'));
    at = STEP.lastIndex;
  }
  return { find: (value) => follow(value, steps, 0), isMany: steps.includes(EVERY) };
}

function follow(value: JsonValue, steps: readonly Step[], at: number): readonly JsonValue[] {
  if (at === steps.length) return [value];
  if (typeof value !== 'object' || value === null) return [];
  const step = steps[at]!;
  if (step === EVERY) return Object.values(value).flatMap((member: JsonValue) => follow(member, steps, at + 1));
  const isArray = Array.isArray(value);
  if (isArray !== (typeof step === 'number')) return [];
  if (!Object.hasOwn(value, step)) return [];
  return follow((value as Readonly<Record<string | number, JsonValue>>)[step as string]!, steps, at + 1);
}

/** Bound of the paths that are remembered. */
const MAX_PATHS = 100;
const known = new Map<string, JsonPath | string>();

/**
 * A path such as `$.user.tags[0]` or `$['first name']`; `lax` and `strict` in front of it change nothing.
 * @returns the path, or what is wrong with it.
 */
export function jsonPath(path: string): JsonPath | string {
  let found = known.get(path);
  if (found === undefined) {
    if (known.size >= MAX_PATHS) known.clear();
    found = compile(path);
    known.set(path, found);
  }
  return found;
}
