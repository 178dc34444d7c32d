import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeVector, setValue, type Value, type ValueType, valueAt } from '../../src/base/row-batch.js';
import type { AggregateState } from '../../src/engine/functions/aggregate-state.js';
import { aggregateFunctions, makeAggregate } from '../../src/engine/functions/index.js';
import { StateReader } from '../../src/engine/state/state-reader.js';
import { StateWriter } from '../../src/engine/state/state-writer.js';
import { functionSpecs } from '../../src/plan/functions/index.js';

const values: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  bigint: fc
    .oneof(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  double: fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
  string: fc.string({ maxLength: 3 }),
  boolean: fc.boolean(),
  timestamp: fc.integer({ min: -1000, max: 1000 }),
};

interface Item {
  readonly value: Value;
  readonly time: number;
}

/** Adds items to slot `slot`. */
function add(state: AggregateState, type: ValueType, items: readonly Item[], slot: number): void {
  const vector = makeVector(type, items.length);
  items.forEach((item, row) => {
    setValue(vector, row, item.value);
  });
  const rows = Int32Array.from(items, (_, row) => row);
  state.add(
    { rows, slots: rows.map(() => slot), count: rows.length, times: Float64Array.from(items, (item) => item.time) },
    vector,
  );
}

function resultOf(state: AggregateState, type: ValueType, slot: number): Value {
  const out = makeVector(type, 1);
  state.result(slot, out, 0);
  return valueAt(out, type, 0);
}

function exact(value: Value): bigint {
  return BigInt(value as number | bigint);
}

/** Results by the definitions, in exact arithmetic where the type is exact. */
function naive(name: string, type: ValueType, items: readonly Item[]): Value {
  const known = items.filter((item) => item.value !== null);
  if (name === 'COUNT') return known.length;
  if (known.length === 0) return null;
  const order = (a: Value, b: Value): number =>
    (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  const sorted = known.map((item) => item.value).sort(order);
  const dated = known.toSorted((a, b) => a.time - b.time || order(a.value, b.value));
  const numbers = known.map((item) => Number(item.value));
  const mean = numbers.reduce((total, value) => total + value / numbers.length, 0);
  const spread = (divisor: number): number | null =>
    divisor === 0 ? null : numbers.reduce((total, value) => total + (value - mean) ** 2, 0) / divisor;
  switch (name) {
    case 'SUM': {
      if (type !== 'bigint') return numbers.reduce((total, value) => total + value, 0);
      const sum = known.reduce((total, item) => total + exact(item.value), 0n);
      return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum;
    }
    case 'AVG':
      return mean;
    case 'MIN':
      return sorted[0]!;
    case 'MAX':
      return sorted.at(-1)!;
    case 'FIRST_VALUE':
      return dated[0]!.value;
    case 'LAST_VALUE':
      return dated.at(-1)!.value;
    case 'VAR_POP':
      return spread(numbers.length);
    case 'VAR_SAMP':
      return spread(numbers.length - 1);
    default: {
      const variance = spread(numbers.length - (name === 'STDDEV_SAMP' ? 1 : 0));
      return variance === null ? null : Math.sqrt(variance);
    }
  }
}

/** These have tests of their own: keeping-aggregates.test.ts. */
const KEEPING = ['MEDIAN', 'APPROX_COUNT_DISTINCT', 'MODE', 'ARRAY_AGG', 'LISTAGG'];
const cases = functionSpecs
  .filter((spec) => spec.kind === 'aggregate' && spec.minArguments < 2 && !KEEPING.includes(spec.name))
  .flatMap((spec) =>
    Object.keys(values).map((type) => ({
      name: spec.name,
      type: type as ValueType,
      result: spec.result([type as ValueType]),
    })),
  )
  .filter((one) => one.result !== null);

describe('aggregate functions', () => {
  it('are the same in plan and engine', () => {
    const named = functionSpecs.filter((spec) => spec.kind === 'aggregate').map((spec) => spec.name);
    expect([...aggregateFunctions.keys()].toSorted()).toEqual(named.toSorted());
  });

  it.each(cases)(
    '$name of $type: in parts, merged and restored, is what the definition says',
    ({ name, type, result }) => {
      const item = fc.record({ value: fc.option(values[type]!, { freq: 6 }), time: fc.integer({ min: 0, max: 5 }) });
      fc.assert(
        fc.property(fc.array(item, { maxLength: 20 }), fc.array(item, { maxLength: 20 }), (left, right) => {
          const state = makeAggregate(name, type, result!, false);
          state.resize(4);
          add(state, type, left, 0);
          add(state, type, right, 1);
          const writer = new StateWriter();
          state.save(1, writer);
          state.load(2, new StateReader(writer.finish()));
          state.merge(3, state, 0);
          state.merge(3, state, 2);
          const merged = resultOf(state, result!, 3);
          const expected = naive(name, type, [...left, ...right]);
          const inexact = result === 'double' && typeof expected === 'number';
          if (!inexact) expect(merged).toEqual(expected);
          else {
            const scale = Math.max(1, ...[...left, ...right].map((one) => Math.abs(Number(one.value ?? 0))));
            const power = name.startsWith('VAR') ? scale * scale : scale;
            expect(Math.abs(Number(merged) - expected)).toBeLessThanOrEqual(1e-9 * power * (name === 'SUM' ? 40 : 1));
          }
          state.clear(3);
          expect(resultOf(state, result!, 3)).toEqual(naive(name, type, []));
        }),
        { numRuns: 60 },
      );
    },
  );

  it('add doubles without losing the small ones', () => {
    const state = makeAggregate('SUM', 'double', 'double', false);
    state.resize(1);
    add(
      state,
      'double',
      [1e16, 1, 1, 1, 1, -1e16].map((value) => ({ value, time: 0 })),
      0,
    );
    expect(resultOf(state, 'double', 0)).toBe(4);
  });

  it('measure spread far from zero', () => {
    const state = makeAggregate('VAR_POP', 'double', 'double', false);
    state.resize(1);
    add(
      state,
      'double',
      [1e9 + 1, 1e9 + 2, 1e9 + 3].map((value) => ({ value, time: 0 })),
      0,
    );
    expect(resultOf(state, 'double', 0)).toBeCloseTo(2 / 3, 9);
  });
});
