import fc from 'fast-check';
import { expect, it } from 'vitest';
import { accelerateCrc32c, crc32c } from '../../src/base/crc32c.js';
import { nativeCrc32c } from '../../src/base/system-crc32c.js';

const native = nativeCrc32c();

it.skipIf(!native)('the native CRC-32C equals ours, whole, of a part and in two pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(3000), fc.nat(3000), (bytes, one, other) => {
      const [from, to] = [Math.min(one, other, bytes.length), Math.min(Math.max(one, other), bytes.length)];
      expect(native!(bytes, 0)).toBe(crc32c(bytes));
      expect(native!(bytes.subarray(from, to), 0)).toBe(crc32c(bytes, from, to));
      expect(native!(bytes.subarray(from), crc32c(bytes, 0, from))).toBe(crc32c(bytes));
    }),
  );
});

it('large pieces are left to the faster one once there was much to do, small ones never', () => {
  const calls: number[] = [];
  const bytes = Uint8Array.from({ length: 1 << 20 }, (_, at) => at * 7);
  const [whole, part] = [crc32c(bytes), crc32c(bytes, 5, 1000)];
  accelerateCrc32c(() => (piece, seed) => {
    calls.push(piece.length);
    return native ? native(piece, seed) : piece.length === bytes.length ? whole : part;
  });
  for (let megabyte = 0; megabyte < 8; megabyte++) expect(crc32c(bytes)).toBe(whole);
  expect(calls).toEqual([1 << 20]);
  expect(crc32c(bytes, 5, 1000)).toBe(part);
  expect(crc32c(bytes, 5, 100)).toBe(crc32c(bytes.slice(5, 100)));
  expect(calls).toEqual([1 << 20, 995]);
});
