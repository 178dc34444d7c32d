import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.js';
import { compareHeld, type HeldRow } from '../../../src/engine/state/held-row.js';
import { SortedRows } from '../../../src/engine/state/sorted-rows.js';

describe('rows in order', () => {
  it('are those of one sorted array, whatever comes and goes', () => {
    const random = seededRandom(20261123);
    const rows = new SortedRows(compareHeld);
    const plain: HeldRow[] = [];
    const check = (): void => {
      expect(rows.size).toBe(plain.length);
      expect([...rows]).toEqual(plain);
      for (const limit of [0, 1, 513, 10_000]) expect(rows.first(limit)).toEqual(plain.slice(0, limit));
    };
    // Grows to some thousand rows, then shrinks to none; with equal rows, and times that many have.
    for (const share of [3, 1, 3, 0]) {
      for (let round = 0; round < 4_000; round++) {
        if (random.below(4) < share) {
          const row = { time: random.below(300), values: [random.below(50)] };
          rows.add(row);
          plain.push(row);
        } else if (plain.length > 0 && random.below(10) === 0) {
          rows.removeLast();
          plain.sort(compareHeld).pop();
        } else if (plain.length > 0) {
          const [row] = plain.splice(random.below(plain.length), 1);
          rows.remove({ time: row!.time, values: [...row!.values] });
        }
      }
      plain.sort(compareHeld);
      check();
    }
  });

  it('can be put behind each other when they are in order', () => {
    const rows = new SortedRows(compareHeld);
    const all = Array.from({ length: 2_000 }, (_, time): HeldRow => ({ time, values: [] }));
    for (const row of all) rows.append(row);
    rows.remove(all[700]!);
    rows.add(all[700]!);
    expect([...rows]).toEqual(all);
  });
});
