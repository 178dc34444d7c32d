import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeVector, setValue, type Value, type ValueType, valueAt } from '../../src/base/row-batch.js';
import { type AggregateState, compareValues } from '../../src/engine/functions/aggregate-state.js';
import { makeAggregate } from '../../src/engine/functions/index.js';
import { makeRetractingAggregate } from '../../src/engine/functions/retracting/index.js';
import { StateReader } from '../../src/engine/state/state-reader.js';
import { StateWriter } from '../../src/engine/state/state-writer.js';
import { inferType } from '../../src/plan/infer-type.js';
import { parseExpression } from '../../src/plan/parse-expression.js';

interface Item {
  readonly value: Value;
  readonly time: number;
}

function add(state: AggregateState, type: ValueType, items: readonly Item[], slot: number, sign = 1): void {
  const vector = makeVector(type, items.length);
  items.forEach((item, row) => {
    setValue(vector, row, item.value);
  });
  const rows = Int32Array.from(items, (_, row) => row);
  const times = Float64Array.from(items, (item) => item.time);
  const signs = sign > 0 ? {} : { signs: new Int8Array(items.length).fill(-1) };
  state.add({ rows, slots: rows.map(() => slot), count: rows.length, times, ...signs }, vector);
}

function resultOf(state: AggregateState, type: ValueType, slot: number): Value {
  const out = makeVector(type, 1);
  state.result(slot, out, 0);
  return valueAt(out, type, 0);
}

function counted(values: readonly Value[]): [Value, number][] {
  const counts = [...new Set(values)].map((value): [Value, number] => [
    value,
    values.filter((other) => other === value).length,
  ]);
  return counts.sort(([a, n], [b, m]) => m - n || compareValues(a, b));
}

function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const low = sorted[Math.floor(rank)]!;
  return low + (sorted[Math.ceil(rank)]! - low) * (rank - Math.floor(rank));
}

interface Case {
  readonly name: string;
  readonly constants: readonly Value[];
  readonly type: ValueType;
  readonly result: ValueType;
  readonly values: fc.Arbitrary<Value>;
  /** The result by the definition, of values that are not null, the earliest first. */
  readonly naive: (values: readonly Value[]) => Value;
}

const numbers = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -1e6, max: 1e6 }));
const texts = fc.constantFrom('', 'a', 'b', 'ab', 'é');
const first = (values: readonly Value[], limit: number): Value =>
  values.length === 0 ? null : (values.slice(0, limit) as never);
const cases: readonly Case[] = [
  ...[0, 0.25, 0.9, 1].map(
    (share): Case => ({
      name: 'PERCENTILE',
      constants: [share],
      type: 'double',
      result: 'double',
      values: numbers,
      naive: (values) => percentile(values as number[], share),
    }),
  ),
  {
    name: 'MEDIAN',
    constants: [],
    type: 'bigint',
    result: 'double',
    values: numbers,
    naive: (values) => percentile(values as number[], 0.5),
  },
  {
    name: 'HISTOGRAM',
    constants: [-5, 0, 5.5],
    type: 'double',
    result: 'json',
    values: numbers,
    naive: (values) => {
      const count = (from: number, to: number): number =>
        values.filter((one) => Number(one) >= from && Number(one) < to).length;
      return [count(-Infinity, -5), count(-5, 0), count(0, 5.5), count(5.5, Infinity)];
    },
  },
  {
    name: 'TOP_K',
    constants: [3],
    type: 'string',
    result: 'json',
    values: texts,
    naive: (values) =>
      values.length === 0
        ? null
        : (counted(values)
            .slice(0, 3)
            .map(([value, count]) => ({ value, count })) as never),
  },
  {
    name: 'MODE',
    constants: [],
    type: 'bigint',
    result: 'bigint',
    values: fc.integer({ min: 0, max: 3 }),
    naive: (values) => counted(values)[0]?.[0] ?? null,
  },
  {
    name: 'ARRAY_AGG',
    constants: [4],
    type: 'bigint',
    result: 'json',
    values: numbers,
    naive: (values) => first(values, 4),
  },
  {
    name: 'LISTAGG',
    constants: ['; ', 5],
    type: 'string',
    result: 'string',
    values: texts,
    naive: (values) => (values.length === 0 ? null : values.slice(0, 5).join('; ')),
  },
];

function inOrder(items: readonly Item[]): readonly Value[] {
  const known = items.filter(({ value }) => value !== null);
  return known.toSorted((a, b) => a.time - b.time || compareValues(a.value, b.value)).map(({ value }) => value);
}

function same(actual: Value, expected: Value): void {
  if (typeof expected === 'number') expect(actual).toBeCloseTo(expected, 6);
  else expect(actual).toEqual(expected);
}

describe('aggregates that keep values', () => {
  const itemsOf = (values: fc.Arbitrary<Value>): fc.Arbitrary<Item[]> =>
    fc.array(fc.record({ value: fc.option(values, { freq: 8 }), time: fc.integer({ min: 0, max: 9 }) }), {
      maxLength: 25,
    });

  it.each(cases)(
    '$name $constants: in parts, merged and restored',
    ({ name, constants, type, result, values, naive }) => {
      fc.assert(
        fc.property(itemsOf(values), itemsOf(values), fc.boolean(), (left, right, changing) => {
          const make = changing ? makeRetractingAggregate : makeAggregate;
          const state = make(name, type, result, false, constants);
          state.resize(4);
          add(state, type, left, 0);
          add(state, type, right, 1);
          const writer = new StateWriter();
          state.save(1, writer);
          state.load(2, new StateReader(writer.finish()));
          state.merge(3, state, 2);
          state.merge(3, state, 0);
          same(resultOf(state, result, 3), naive(inOrder([...left, ...right])));
          state.clear(3);
          same(resultOf(state, result, 3), naive([]));
        }),
        { numRuns: 80 },
      );
    },
  );

  it.each(cases)('$name $constants: rows that are taken back', ({ name, constants, type, result, values, naive }) => {
    fc.assert(
      fc.property(itemsOf(values), itemsOf(values), (kept, gone) => {
        const state = makeRetractingAggregate(name, type, result, false, constants);
        state.resize(1);
        add(state, type, [...gone, ...kept], 0);
        add(state, type, gone.toReversed(), 0, -1);
        same(resultOf(state, result, 0), naive(inOrder(kept)));
      }),
      { numRuns: 80 },
    );
  });

  it('APPROX_PERCENTILE is within 1 % of the value of its rank, for numbers of any size and sign', () => {
    const any = fc.double({ noNaN: true, noDefaultInfinity: true });
    const shares = fc.constantFrom(0, 0.01, 0.5, 0.95, 0.999, 1);
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 60 }),
        fc.array(any, { maxLength: 60 }),
        shares,
        (left, right, share) => {
          const state = makeRetractingAggregate('APPROX_PERCENTILE', 'double', 'double', false, [share]);
          state.resize(2);
          add(
            state,
            'double',
            left.map((value) => ({ value, time: 0 })),
            0,
          );
          add(
            state,
            'double',
            right.map((value) => ({ value, time: 0 })),
            1,
          );
          state.merge(0, state, 1);
          const sorted = [...left, ...right].sort((a, b) => a - b);
          const expected = sorted[Math.floor(share * (sorted.length - 1))]!;
          const error = Math.abs(Number(resultOf(state, 'double', 0)) - expected);
          // Subnormal numbers have too few digits for a share of them.
          expect(error).toBeLessThanOrEqual(Math.max(0.01 * Math.abs(expected) * (1 + 1e-9), 1e-307));
          add(
            state,
            'double',
            [...left, ...right].map((value) => ({ value, time: 0 })),
            0,
            -1,
          );
          expect(resultOf(state, 'double', 0)).toBeNull();
        },
      ),
      // The largest doubles lie in a bucket whose upper bound is none.
      { examples: [-8.95e307, Number.MAX_VALUE, -Number.MAX_VALUE].map((value) => [[value], [], 1]) },
    );
  });

  it.each([1, 10, 300, 1_000, 10_000, 100_000])(
    'APPROX_COUNT_DISTINCT of %i values is mostly within 2 %%, merged or not',
    (count) => {
      const errors = ['a', 'b', 'c', 'd', 'e', 'f'].map((prefix) => {
        const state = makeAggregate('APPROX_COUNT_DISTINCT', 'string', 'bigint', false);
        state.resize(3);
        const items = Array.from({ length: count }, (_, at) => ({ value: `${prefix}${at}`, time: 0 }));
        add(state, 'string', items, 0);
        add(state, 'string', items.slice(0, Math.ceil(count / 2)), 1);
        add(state, 'string', items.slice(Math.floor(count / 3)), 2);
        state.merge(1, state, 2);
        expect(resultOf(state, 'bigint', 1)).toBe(resultOf(state, 'bigint', 0));
        const writer = new StateWriter();
        state.save(0, writer);
        state.clear(2);
        state.load(2, new StateReader(writer.finish()));
        expect(resultOf(state, 'bigint', 2)).toBe(resultOf(state, 'bigint', 0));
        return Math.abs(Number(resultOf(state, 'bigint', 0)) - count) / count;
      });
      expect(Math.max(...errors)).toBeLessThan(0.05);
      expect(Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length)).toBeLessThan(0.025);
    },
  );

  it.each([
    ['PERCENTILE(x, 2)', 'PERCENTILE: the share is a constant from 0 to 1'],
    ['PERCENTILE(x, x)', 'PERCENTILE: the share is a constant from 0 to 1'],
    ['HISTOGRAM(x, 5, 5)', 'HISTOGRAM: the bounds are constant numbers, each larger than the one before'],
    ['TOP_K(x, 0)', 'TOP_K: the number of values is a constant from 1 to 1000'],
    ["ARRAY_AGG(x, 'a')", 'ARRAY_AGG'],
    ['LISTAGG(s, 1)', 'LISTAGG'],
  ])('%s is refused', (text, message) => {
    const columns = [
      { name: 'x', type: 'double' as const },
      { name: 's', type: 'string' as const },
    ];
    const problems: { message: string }[] = [];
    const scope = { columns: [], parameters: [], aggregated: columns };
    inferType(parseExpression(text), scope, problems as never);
    expect(problems[0]?.message).toContain(message);
  });
});
