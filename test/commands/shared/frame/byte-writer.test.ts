import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes } from '../../../../src/base/bytes.js';
import { ByteWriter } from '../../../../src/commands/shared/frame/byte-writer.js';

it('changes nothing of what the output still holds, and uses again what it holds no longer', () => {
  const piece = fc.record({ size: fc.integer({ min: 1, max: 300_000 }), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      let held: Uint8Array[] = [];
      const arrays = new Set<ArrayBufferLike>();
      const seen: Uint8Array[] = [];
      const writer = new ByteWriter({
        write(chunk) {
          held.push(chunk as Uint8Array);
          arrays.add((chunk as Uint8Array).buffer);
        },
        pending: () => held.length,
      });
      const leave = (): void => {
        seen.push(concatBytes(held));
        held = [];
      };
      const expected = pieces.map(({ size, gone }, number) => {
        const bytes = new Uint8Array(size).fill(number);
        writer.bytes(bytes);
        writer.flush();
        if (gone) leave();
        return bytes;
      });
      leave();
      expect(Buffer.compare(concatBytes(seen), concatBytes(expected))).toBe(0);
      // One for what is longer than an array, and one for the rest.
      if (pieces.every(({ gone }) => gone)) {
        const long = pieces.filter(({ size }) => size > 256 * 1024).length;
        expect(arrays.size).toBeLessThanOrEqual(2 + 2 * long);
      }
    }),
  );
});
