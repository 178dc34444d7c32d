import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeVector, setValue, type Value, valueAt } from '../../src/base/row-batch.js';
import type { AggregateState } from '../../src/engine/functions/aggregate-state.js';
import { makeAggregate } from '../../src/engine/functions/index.js';
import { makeRetractingAggregate } from '../../src/engine/functions/retracting/index.js';
import { StateReader } from '../../src/engine/state/state-reader.js';
import { StateWriter } from '../../src/engine/state/state-writer.js';

type Pair = readonly [number | null, number | null];

const side = fc.option(
  fc.integer({ min: -40, max: 40 }).map((value) => value / 8),
  { freq: 8 },
);
const pairs = fc.array(fc.tuple(side, side), { maxLength: 20 });

/** Takes pairs into slot 0; a sign of -1 takes them back. */
function take(state: AggregateState, items: readonly Pair[], sign: number): void {
  const columns = [0, 1].map((at) => {
    const vector = makeVector('double', items.length);
    items.forEach((pair, row) => {
      setValue(vector, row, pair[at]!);
    });
    return vector;
  });
  const rows = Int32Array.from(items, (_, row) => row);
  const count = items.length;
  const signs = new Int8Array(count).fill(sign);
  state.add(
    { rows, slots: new Int32Array(count), count, times: new Float64Array(count), signs },
    columns[0],
    columns[1],
  );
}

/** The aggregates of two columns, each by its definition: of the pairs without null, and sums over their distances from the means. */
const DEFINITIONS = {
  CORR: ({ known, total }) => {
    if (known.length < 2 || new Set(known.map(([a]) => a)).size < 2 || new Set(known.map(([, b]) => b)).size < 2)
      return null;
    return total((a, b) => a * b) / Math.sqrt(total((a) => a * a) * total((_, b) => b * b));
  },
  COVAR_SAMP: ({ known, total }) => (known.length < 2 ? null : total((a, b) => a * b) / (known.length - 1)),
  COVAR_POP: ({ known, total }) => (known.length < 1 ? null : total((a, b) => a * b) / known.length),
} satisfies Record<string, (pairs: Known) => number | null>;
type Name = keyof typeof DEFINITIONS;

interface Known {
  readonly known: readonly (readonly [number, number])[];
  total(of: (a: number, b: number) => number): number;
}

function made(name: Name, retracting: boolean): AggregateState {
  const make = retracting ? makeRetractingAggregate : makeAggregate;
  const state = make(name, 'double', 'double', false);
  state.resize(1);
  return state;
}

function restored(state: AggregateState, name: Name, retracting: boolean): AggregateState {
  const writer = new StateWriter();
  state.save(0, writer);
  const again = made(name, retracting);
  again.load(0, new StateReader(writer.finish()));
  return again;
}

function resultOf(state: AggregateState): Value {
  const out = makeVector('double', 1);
  state.result(0, out, 0);
  return valueAt(out, 'double', 0);
}

function naive(name: Name, items: readonly Pair[]): number | null {
  const known = items.filter((pair): pair is [number, number] => pair[0] !== null && pair[1] !== null);
  const mean = (at: 0 | 1): number => known.reduce((total, pair) => total + pair[at], 0) / known.length;
  const [meanA, meanB] = [mean(0), mean(1)];
  const total = (of: (a: number, b: number) => number): number =>
    known.reduce((sum, [a, b]) => sum + of(a - meanA, b - meanB), 0);
  return DEFINITIONS[name]({ known, total });
}

function expectSame(actual: Value, expected: number | null): void {
  if (expected === null) expect(actual).toBe(null);
  else expect(Number(actual)).toBeCloseTo(expected, 9);
}

describe.each(Object.keys(DEFINITIONS) as Name[])('%s', (name) => {
  it('in parts, merged and restored, is what the definition says', () => {
    fc.assert(
      fc.property(pairs, pairs, (left, right) => {
        const state = made(name, false);
        const other = made(name, false);
        take(state, left, 1);
        take(other, right, 1);
        const whole = restored(state, name, false);
        whole.merge(0, other, 0);
        expectSame(resultOf(whole), naive(name, [...left, ...right]));
      }),
    );
  });

  it('forgets what is taken back', () => {
    fc.assert(
      fc.property(pairs, pairs, (kept, gone) => {
        const state = made(name, true);
        take(state, gone, 1);
        take(state, kept, 1);
        const again = restored(state, name, true);
        take(again, gone, -1);
        expectSame(resultOf(again), naive(name, kept));
      }),
    );
  });
});
