import { utf8 } from '../../../base/bytes.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { valueText } from '../../codecs/json-encoder.js';
import { type TimeParser, timeParser } from '../../codecs/time-format.js';
import { BadItem, type ItemRules } from './interfaces.js';
import { type JsonPath, scalarText, valueAtPath } from './json-path.js';

/** Rules said by paths. */
export interface RulePaths {
  /** Record key: the text of one value, a JSON array of several. */
  readonly key: readonly JsonPath[];
  /** What makes two items the same thing, where it is more or less than the key. */
  readonly identity?: readonly JsonPath[];
  readonly time?: JsonPath;
  readonly readTime?: TimeParser;
  /** Left out when an item is compared with what came before. */
  readonly ignored: readonly JsonPath[];
  /** A newer event time alone is no change. */
  readonly changedOnly: boolean;
}

/** Rules of items whose parts are found by paths. */
export function pathRules({ key, identity = key, time, readTime, ignored, changedOnly }: RulePaths): ItemRules {
  const parseTime = readTime ?? timeParser('auto', 'UTC');
  const leftOut = changedOnly && time ? [...ignored, time] : ignored;
  return {
    key: (item) => keyText(item, key),
    identity: (item) => keyText(item, identity) ?? undefined,
    timeMs(item) {
      if (!time) return undefined;
      const value = valueAtPath(item, time);
      // A thing that has never been heard of has no time.
      if (value === undefined || value === null) return undefined;
      const timeMs = parseTime(utf8(scalarText(value) ?? ''));
      if (Number.isNaN(timeMs)) throw new BadItem(`"${time.text}" is ${valueText(value, 'json')}, which is not a time`);
      return timeMs;
    },
    compared: (item) => leftOut.reduce((left, path) => without(left, path.steps, 0), item),
  };
}

function keyText(item: JsonValue, paths: readonly JsonPath[]): string | null {
  if (paths.length === 0) return null;
  const values = paths.map((path) => {
    const value = valueAtPath(item, path);
    if (value === undefined || value === null) throw new BadItem(`an item has no "${path.text}" to be its key`);
    return value;
  });
  const [only] = values;
  if (values.length > 1) return valueText(values, 'json');
  return scalarText(only) ?? valueText(only!, 'json');
}

/** `value` without what lies at `steps`; everything else is shared. */
function without(value: JsonValue, steps: JsonPath['steps'], at: number): JsonValue {
  const step = steps[at];
  if (step === undefined || typeof value !== 'object' || value === null) return value;
  const isLast = at === steps.length - 1;
  if (Array.isArray(value)) {
    const elements: readonly JsonValue[] = value;
    if (typeof step === 'string') return value;
    const hit = (index: number): boolean => typeof step === 'symbol' || index === step;
    if (isLast) return elements.filter((_, index) => !hit(index));
    return elements.map((element, index) => (hit(index) ? without(element, steps, at + 1) : element));
  }
  const object = value as { readonly [key: string]: JsonValue };
  const kept = Object.entries(object).flatMap(([name, member]) => {
    if (typeof step !== 'symbol' && name !== step) return [[name, member] as const];
    return isLast ? [] : [[name, without(member, steps, at + 1)] as const];
  });
  return Object.fromEntries(kept);
}
