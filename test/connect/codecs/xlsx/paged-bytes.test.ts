import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingBytes } from '../../../../src/connect/codecs/xlsx/cell-text.js';
import { PagedBytes } from '../../../../src/connect/codecs/xlsx/paged-bytes.js';
import { SimFiles } from '../../../support/sim-files.js';

describe('PagedBytes', () => {
  it('gives back what was written, wherever it lies, read between writes or after them', () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 0, max: 40_000 }) }),
      fc.record({ from: fc.nat(), length: fc.nat(50_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const paged = new PagedBytes(new SimFiles(), 48 * 1024);
        const all = new GrowingBytes(16);
        for (const one of steps) {
          if ('write' in one) {
            const piece = new GrowingBytes(one.write);
            for (; piece.used < one.write; piece.used++) piece.bytes[piece.used] = (all.used + piece.used) * 31;
            paged.append(piece);
            all.append(piece.bytes, 0, piece.used);
          } else {
            const from = all.used === 0 ? 0 : one.from % all.used;
            const length = Math.min(one.length, all.used - from);
            const read = new GrowingBytes(16);
            paged.copy(from, length, read);
            expect(Buffer.compare(read.bytes.subarray(0, read.used), all.bytes.subarray(from, from + length))).toBe(0);
          }
        }
        expect(paged.size).toBe(all.used);
        expect(paged.isSpilled).toBe(all.used > 48 * 1024);
        paged.close();
      }),
      { numRuns: 100 },
    );
  });
});
