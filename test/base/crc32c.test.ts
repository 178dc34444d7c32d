import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { crc32c } from '../../src/base/crc32c.js';

/** Bit by bit, straight from the definition. */
function naive(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it('gives the published check values', () => {
    expect(crc32c(utf8('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('equals the definition, whole and in two pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        expect(crc32c(bytes)).toBe(naive(bytes));
        expect(crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at))).toBe(naive(bytes));
      }),
    );
  });

  it('equals the definition wherever the bytes lie in their memory', () => {
    const memory = Uint8Array.from({ length: 200 }, (_, index) => index * 7 + 3);
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < 140; end++) {
        const expected = naive(memory.subarray(start, end));
        expect(crc32c(memory, start, end)).toBe(expected);
        expect(crc32c(memory.subarray(start, end))).toBe(expected);
      }
    }
  });
});
