import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayPool, POOLED_BYTES_MIN } from '../../src/base/array-pool.js';

const MAX_BYTES = 1 << 20;

describe('ArrayPool', () => {
  it('lends no byte twice, gives what is asked for, and keeps no more than its bound', () => {
    const size = fc.integer({ min: 0, max: 2 * MAX_BYTES });
    const step = fc.record({ size, back: fc.nat(), onlyFree: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pool = new ArrayPool(MAX_BYTES);
        const lent: Uint8Array[] = [];
        for (const { size, back, onlyFree } of steps) {
          const taken = onlyFree ? pool.takeFree(size) : pool.take(size);
          if (taken) {
            expect(taken.length).toBe(size);
            expect(lent.every(({ buffer }) => buffer !== taken.buffer)).toBe(true);
            expect(pool.isLent(taken)).toBe(size >= POOLED_BYTES_MIN);
            lent.push(taken);
          }
          // A part says as well as the whole which array comes back.
          if (back % 3 > 0 && lent.length > 0) pool.give(lent.splice(back % lent.length, 1)[0]!.subarray(0, 1));
          expect(pool.freeBytes).toBeLessThanOrEqual(MAX_BYTES);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('uses an array again, for a smaller one too, but not for a crumb', () => {
    const pool = new ArrayPool(MAX_BYTES);
    const { buffer } = pool.take(600_000);
    pool.give(new Uint8Array(buffer));
    expect(pool.take(POOLED_BYTES_MIN).buffer).not.toBe(buffer);
    expect(pool.take(300_000).buffer).toBe(buffer);
    expect(pool.takeFree(300_000)).toBeUndefined();
  });

  it('leaves alone what it did not lend, and what came back before', () => {
    const pool = new ArrayPool(MAX_BYTES);
    pool.give(new Uint8Array(100_000));
    expect(pool.freeBytes).toBe(0);
    const array = pool.take(65_536);
    pool.give(array);
    pool.give(array);
    expect(pool.freeBytes).toBe(65_536);
    expect(pool.isLent(array)).toBe(false);
  });

  it('makes room for what is used now', () => {
    const pool = new ArrayPool(MAX_BYTES);
    const small = Array.from({ length: 16 }, () => pool.take(65_536));
    for (const array of small) pool.give(array);
    const { buffer } = pool.take(MAX_BYTES);
    pool.give(new Uint8Array(buffer));
    expect(pool.take(MAX_BYTES).buffer).toBe(buffer);
  });
});
