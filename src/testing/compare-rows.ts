import type { JsonValue, Value } from '../base/row-batch.js';

/** Doubles that are nearer than this, relative to the larger one, are the same: sums may be made in another order. */
const RELATIVE_TOLERANCE = 1e-9;
/** Values below this are compared as if they were as large: a deviation of 1e-17 is one of 0. */
const SMALLEST_SCALE = 1e-3;
/** More pairs than this are matched greedily. */
const MAX_EXACT_PAIRS = 250_000;

/** Whether two values are the same: doubles within 1e-9 relative, everything else exactly; NaN is written as null. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  const [left, right] = [bare(a), bare(b)];
  if (left === right) return true;
  if (typeof left === 'number' && typeof right === 'number') {
    if (Number.isSafeInteger(left) && Number.isSafeInteger(right)) return false;
    return Math.abs(left - right) <= RELATIVE_TOLERANCE * Math.max(Math.abs(left), Math.abs(right), SMALLEST_SCALE);
  }
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  const part = (value: object, name: string): Value => (value as Readonly<Record<string, JsonValue>>)[name] ?? null;
  return [...names].every((name) => sameValue(part(left, name), part(right, name)));
}

function bare(value: Value | undefined): Value {
  return value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? null : value;
}

/** Which expected item was found where. */
export interface Pairing {
  /** Per expected item the place of the received one, -1 for none. */
  readonly places: readonly number[];
  readonly missing: readonly number[];
  readonly extra: readonly number[];
}

/** Pairs items in order: the n-th with the n-th. */
export function pairInOrder<E, R>(
  expected: readonly E[],
  received: readonly R[],
  same: (expected: E, received: R) => boolean,
): Pairing {
  return pairing(
    expected.map((item, at) => (at < received.length && same(item, received[at]!) ? at : -1)),
    received.length,
  );
}

/** Pairs as many items as possible, each with one that is the same (augmenting paths: an expectation may fit several). */
export function pairUp<E, R>(
  expected: readonly E[],
  received: readonly R[],
  same: (expected: E, received: R) => boolean,
): Pairing {
  const owner = new Int32Array(received.length).fill(-1);
  const places = new Int32Array(expected.length).fill(-1);
  const exact = expected.length * received.length <= MAX_EXACT_PAIRS;
  const tried = new Set<number>();
  const place = (item: number): boolean => {
    // Most rows come in the order in which they are expected.
    for (let turn = 0; turn < received.length; turn++) {
      const at = (item + turn) % received.length;
      if (tried.has(at) || !same(expected[item]!, received[at]!)) continue;
      tried.add(at);
      if (owner[at] !== -1 && !(exact && place(owner[at]!))) continue;
      owner[at] = item;
      places[item] = at;
      return true;
    }
    return false;
  };
  for (let item = 0; item < expected.length; item++) {
    tried.clear();
    place(item);
  }
  return pairing([...places], received.length);
}

function pairing(places: readonly number[], received: number): Pairing {
  const used = new Set(places);
  return {
    places,
    missing: places.flatMap((place, item) => (place === -1 ? [item] : [])),
    extra: Array.from({ length: received }, (_, at) => at).filter((at) => !used.has(at)),
  };
}
