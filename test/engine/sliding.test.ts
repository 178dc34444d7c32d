import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check-plan.js';
import { count, kafka, pipeline } from '../../src/plan/index.js';
import { expectGroups, lateOffsets, naiveAggregates, resultRows, type TestRow } from './naive.js';
import { disorder, partitions, planOf, row, run } from './window-runs.js';

/** The windows that have to come, and the late rows, by the definition: row by row, with a watermark as the engine has it. */
function naiveSliding(
  rows: readonly TestRow[],
  sizeMs: number,
  latenessMs: number,
): { groups: Map<string, TestRow[]>; late: number[] } {
  const newest = new Map(partitions.map((partition) => [partition, Number.NEGATIVE_INFINITY]));
  let watermark = Number.NEGATIVE_INFINITY;
  const taken: { item: TestRow; watermark: number }[] = [];
  const late: number[] = [];
  rows.forEach((item, offset) => {
    if (item.ts + sizeMs <= watermark) late.push(offset);
    else taken.push({ item, watermark });
    newest.set(item.partition, Math.max(newest.get(item.partition)!, item.ts));
    watermark = Math.max(watermark, Math.min(...newest.values()) - latenessMs);
  });
  const groups = new Map<string, TestRow[]>();
  for (const { item, watermark: at } of taken) {
    for (const end of [item.ts, item.ts + sizeMs + 1]) {
      if (end <= at) continue;
      const inside = taken
        .filter((other) => other.item.key === item.key && other.watermark < end)
        .map((other) => other.item)
        .filter(({ ts }) => ts >= end - sizeMs && ts <= end);
      if (inside.length > 0) groups.set(JSON.stringify([end - sizeMs, end, item.key]), inside);
    }
  }
  return { groups, late };
}

/** Every different set of rows that a span finds as it moves along time in steps of 1 ms. */
function naiveSets(rows: readonly TestRow[], sizeMs: number): TestRow[][] {
  const sets = new Map<string, TestRow[]>();
  for (const key of new Set(rows.map((item) => item.key))) {
    const own = rows.filter((item) => item.key === key);
    for (let end = -31; end <= 62 + sizeMs; end++) {
      const inside = own.filter(({ ts }) => ts >= end - sizeMs && ts <= end);
      if (inside.length > 0) sets.set(`${key} ${inside.map((item) => rows.indexOf(item)).join()}`, inside);
    }
  }
  return [...sets.values()];
}

const size = fc.integer({ min: 1, max: 12 });
const numbers = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 });

describe('sliding windows', () => {
  it('hold what the definition says, for any rows in any order', () => {
    fc.assert(
      fc.property(
        size,
        fc.nat(20),
        fc.array(row, { maxLength: 50 }),
        fc.integer({ min: 1, max: 7 }),
        (sizeMs, lateness, rows, most) => {
          const outputs = run(planOf({ kind: 'sliding', sizeMs }, lateness), rows, most);
          const expected = naiveSliding(rows, sizeMs, lateness);
          expectGroups(resultRows(outputs), expected.groups);
          expect(lateOffsets(outputs)).toEqual(expected.late);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are one for each different set of rows, for any order within the lateness, saved and restored anywhere', () => {
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 20 }),
        fc.array(row, { maxLength: 40 }),
        numbers,
        numbers,
        fc.array(fc.nat(40), { maxLength: 3 }),
        (sizeMs, lateness, rows, jitter, split, cuts) => {
          const outputs = run(
            planOf({ kind: 'sliding', sizeMs }, lateness),
            disorder(rows, lateness, jitter, split),
            3,
            cuts,
          );
          expect(lateOffsets(outputs)).toEqual([]);
          const text = ({ n, low, high, first, last, different }: Record<string, unknown>): string =>
            JSON.stringify([n, low, high, first, last, different]);
          const results = resultRows(outputs);
          expect(results.map(text).toSorted()).toEqual(
            naiveSets(rows, sizeMs)
              .map((set) => text(naiveAggregates(set)))
              .toSorted(),
          );
          const starts = results.map((result) => Number(result.window_start));
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('end with a row or begin just after one, as in Kafka Streams', () => {
    const at = (ts: number): TestRow => ({ partition: 0, ts, key: 'a', value: 1 });
    const outputs = run(planOf({ kind: 'sliding', sizeMs: 10 }, 0), [at(0), at(5), at(12)]);
    const windows = resultRows(outputs).map(({ window_start, window_end, n }) => [window_start, window_end, n]);
    expect(windows).toEqual([
      [-10, 0, 1],
      [-5, 5, 2],
      [1, 11, 1],
      [2, 12, 2],
      [6, 16, 1],
    ]);
  });

  it('are refused where they make no sense', () => {
    const source = kafka('rows', { topic: 't', columns: { key: 'string' } });
    const windows = pipeline('a')
      .from(source)
      .sliding('5 seconds')
      .groupBy('key')
      .aggregate(() => ({ n: count() }));
    const out = kafka('out', { topic: 'out' });
    const mistakes = (make: () => unknown): string => {
      try {
        make();
      } catch (error) {
        return String(error);
      }
      return '';
    };
    expect(mistakes(() => windows.emit('update').into(out))).toContain('give their result when they close');
    expect(mistakes(() => windows.allowLateness('1 minute').into(out))).toContain('cannot be corrected');
    expect(mistakes(() => windows.top(1, { by: ['n'], perWindow: true }).into(out))).toContain('sliding windows');
    expect(checkPlan(windows.into(out))).toEqual([]);
  });
});
