import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import { murmur2, partitionOfKey } from '../../src/wire/murmur2.js';
import { WireReader } from '../../src/wire/reader.js';
import { isUuid, uuidText, writeUuid, ZERO_UUID } from '../../src/wire/uuid.js';
import { int64At, putInt64, varintSize, varlongSize, writeVarint, writeVarlong } from '../../src/wire/varint.js';
import { WireWriter } from '../../src/wire/writer.js';

/** Zigzag by definition, over big integers. */
function zigzag(value: bigint): number[] {
  let bits = value < 0n ? -value * 2n - 1n : value * 2n;
  const bytes: number[] = [];
  for (; bits > 127n; bits >>= 7n) bytes.push(Number(bits & 127n) | 128);
  return [...bytes, Number(bits)];
}

describe('variable-length numbers', () => {
  it('are zigzag for every 32-bit number', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const bytes = new Uint8Array(5);
        const end = writeVarint(bytes, 0, value);
        expect([...bytes.subarray(0, end)]).toEqual(zigzag(BigInt(value)));
        expect(varintSize(value)).toBe(end);
      }),
    );
  });

  it('are zigzag for every number of 53 bits', () => {
    const edges = [2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 34, 2 ** 35 - 1];
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges)), (value) => {
        const bytes = new Uint8Array(10);
        const end = writeVarlong(bytes, 0, value);
        expect([...bytes.subarray(0, end)]).toEqual(zigzag(BigInt(value)));
        expect(varlongSize(value)).toBe(end);
      }),
    );
  });

  it('are unsigned in lengths and tags', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const writer = new WireWriter();
        writer.uvarint(value);
        expect(new WireReader(concatBytes(writer.finish())).uvarint()).toBe(value);
      }),
    );
  });
});

it('reads and writes int64 as numbers', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = new Uint8Array(8);
      putInt64(bytes, 0, value);
      expect(new DataView(bytes.buffer).getBigInt64(0)).toBe(BigInt(value));
      expect(int64At(bytes, 0)).toBe(value);
    }),
  );
});

describe('uuids', () => {
  it('are base64url without padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = uuidText(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(isUuid(text)).toBe(true);
        const back = new Uint8Array(16);
        writeUuid(text, back);
        expect(back).toEqual(bytes);
      }),
    );
    expect(uuidText(new Uint8Array(16))).toBe(ZERO_UUID);
  });

  it.each(['', 'short', 'AAAAAAAAAAAAAAAAAAAAA+', 'AAAAAAAAAAAAAAAAAAAAAB', 'AAAAAAAAAAAAAAAAAAAAAé'])(
    'are not "%s"',
    (text) => {
      expect(isUuid(text)).toBe(false);
      expect(() => writeUuid(text, new Uint8Array(16))).toThrow(/is not a uuid/);
    },
  );
});

describe('murmur2', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of "%s" is that of the Java client', (text, hash) => {
    expect(murmur2(utf8(text))).toBe(hash);
    const around = utf8(`--${text}--`);
    expect(murmur2(around, 2, around.length - 2)).toBe(hash);
  });

  it('spreads keys over all partitions', () => {
    const hit = new Set(Array.from({ length: 200 }, (_, i) => partitionOfKey(utf8(`key-${i}`), 7)));
    expect([...hit].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('text', () => {
  it('keeps every character, also a leading U+FEFF', () => {
    for (const text of [
      '',
      'a',
      '\uFEFFbom',
      'é'.repeat(30),
      'x'.repeat(48) + 'ü',
      '🚲'.repeat(2000),
      'y'.repeat(32_767),
    ]) {
      const writer = new WireWriter();
      writer.string(text);
      writer.compactString(text);
      const reader = new WireReader(concatBytes(writer.finish()));
      expect([reader.string(), reader.compactString(), reader.remaining]).toEqual([text, text, 0]);
    }
  });
});

it('splits what is written into chunks without losing a byte', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 40 }), (sizes) => {
      const writer = new WireWriter();
      const expected: Uint8Array[] = [];
      sizes.forEach((size, i) => {
        const bytes = new Uint8Array(size).fill(i);
        writer.raw(bytes);
        writer.int64(BigInt(i));
        expected.push(bytes, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, i));
        expect(writer.size).toBe(expected.reduce((sum, piece) => sum + piece.length, 0));
      });
      expect(toHex(concatBytes(writer.finish()))).toBe(toHex(concatBytes(expected)));
    }),
    { numRuns: 50 },
  );
});
