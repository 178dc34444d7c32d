import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { type Delays, pieces, shuffled, type TimedRecord } from '../../src/testing/vary-order.js';

const records = fc.array(
  fc.record({
    source: fc.constantFrom('a', 'b'),
    timeMs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 200 }) }, fc.constant(Number.NaN)),
  }),
  { maxLength: 60 },
);
const disorder = fc.integer({ min: 0, max: 60 });
const delays = fc.constantFrom<Delays>('even', 'odd', 'random');

/** Rows that are `disorderMs` or more behind the newest one of their source, by the order in which they come. */
function behind(rows: readonly TimedRecord[], disorderMs: number): readonly TimedRecord[] {
  const newest = new Map<string, number>();
  return rows.filter(({ source, timeMs }) => {
    const before = newest.get(source) ?? Number.NEGATIVE_INFINITY;
    if (timeMs > before) newest.set(source, timeMs);
    return timeMs < before && timeMs <= before - disorderMs;
  });
}

describe('rows in other orders', () => {
  it('are the same rows, and none is late that was not', () => {
    fc.assert(
      fc.property(records, disorder, delays, fc.integer(), (rows, disorderMs, how, seed) => {
        const random = seededRandom(seed);
        const cut = pieces(rows, new Map(), () => disorderMs);
        expect(cut.flat()).toEqual(rows);
        const moved = cut.flatMap((piece) => shuffled(piece, random, () => disorderMs, how));
        const sorted = (all: readonly TimedRecord[]): readonly string[] => all.map((row) => JSON.stringify(row)).sort();
        expect(sorted(moved)).toEqual(sorted(rows));
        expect(sorted(behind(moved, disorderMs))).toEqual(sorted(behind(rows, disorderMs)));
      }),
    );
  });

  it('with even and with odd delays, every two neighbours near enough change places', () => {
    const rows = Array.from({ length: 10 }, (_, at) => ({ source: 'a', timeMs: at * 10 }));
    const orders = (['even', 'odd'] as const).map((how) =>
      shuffled(rows, seededRandom(1), () => 12, how).map(({ timeMs }) => timeMs),
    );
    for (let at = 0; at + 1 < rows.length; at++) {
      const swapped = orders.some((order) => order.indexOf(at * 10) > order.indexOf((at + 1) * 10));
      expect(swapped, String(at)).toBe(true);
    }
  });
});
