import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';

/** A step into a value: a member, an element, or `*` for all elements. */
export type PathStep = string | number | typeof EVERY;
const EVERY = Symbol('every element');

/** Where something lies in a JSON value. */
export interface JsonPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
}

const STEP = /\.?([^.[\]"']+)|\[(\d+)\]|\[\*\]|\.\*|\[(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\]/y;

/**
 * Reads `data.stations`, `$.list[0].id`, `result[*].bars`, `["published_at.start"]`. `$` alone is the value itself.
 * @throws `usage`
 */
export function parseJsonPath(text: string): JsonPath {
  const steps: PathStep[] = [];
  const trimmed = text.trim();
  STEP.lastIndex = trimmed.startsWith('$') ? 1 : 0;
  if (trimmed === '') throw wrongPath(text);
  while (STEP.lastIndex < trimmed.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(trimmed);
    if (!match || (at === 0 && match[0].startsWith('.'))) throw wrongPath(text);
    const [whole, name, index, double, single] = match;
    if (name !== undefined) steps.push(name.trim());
    else if (index !== undefined) steps.push(Number(index));
    else if (double !== undefined || single !== undefined)
      steps.push((double ?? single)!.replace(/\\(.)/g, (_, letter: string) => letter));
    else if (whole.includes('*')) steps.push(EVERY);
  }
  return { text: trimmed, steps };
}

function wrongPath(text: string): StreamctlError {
  return new StreamctlError('usage', `"${text}" is not a path into JSON`, {
    hint: `write data.stations, list[0].id, result[*].bars or ["name.with.dots"]`,
  });
}

/** The value at `path`; undefined where there is none. A path with `*` gives the array of all it leads to. */
export function valueAtPath(value: JsonValue | undefined, path: JsonPath): JsonValue | undefined {
  return walk(value, path.steps, 0);
}

function walk(value: JsonValue | undefined, steps: readonly PathStep[], from: number): JsonValue | undefined {
  let current = value;
  for (let at = from; at < steps.length; at++) {
    const step = steps[at]!;
    if (typeof current !== 'object' || current === null) return undefined;
    if (step === EVERY) {
      const elements: readonly JsonValue[] = Array.isArray(current) ? current : Object.values(current);
      const found = elements.map((element) => walk(element, steps, at + 1)).filter((one) => one !== undefined);
      // `[*]` in the middle of a path to arrays means all their elements.
      return at + 1 < steps.length && found.every((one) => Array.isArray(one)) ? found.flat() : found;
    }
    if (Array.isArray(current)) {
      const index = typeof step === 'number' ? step : /^\d+$/.test(step) ? Number(step) : -1;
      current = (current as readonly JsonValue[])[index];
    } else {
      current = Object.hasOwn(current, step) ? (current as { readonly [key: string]: JsonValue })[step] : undefined;
    }
  }
  return current;
}

/** Text of a scalar as it goes into a key or a URL; JSON for objects and arrays; undefined for null and nothing. */
export function scalarText(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? undefined : String(value);
}
