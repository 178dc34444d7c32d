import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { COMPRESSION_NAMES } from '../../src/base/codec-interfaces.js';
import { systemCompression } from '../../src/base/compression.js';
import { StreamctlError } from '../../src/base/errors.js';

const REAL = COMPRESSION_NAMES.filter((name) => name !== 'none');
const text = utf8('{"station":"16107","bikes":12,"at":"2024-02-01T10:00:00Z"}\n'.repeat(3000));
const noise = Uint8Array.from({ length: 100_000 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 24) ^ (i >>> 3));

beforeAll(async () => {
  for (const name of COMPRESSION_NAMES) await systemCompression.prepare(name);
});

function codeOf(call: () => unknown): string {
  try {
    call();
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(StreamctlError);
    return (error as StreamctlError).code;
  }
}

describe.each(COMPRESSION_NAMES)('%s', (name) => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['text', text],
    ['noise', noise],
  ])('gives %s back', (_, bytes) => {
    const packed = systemCompression.compress(name, bytes);
    expect(Buffer.from(systemCompression.decompress(name, packed, bytes.length)).equals(bytes)).toBe(true);
  });

  it('gives any bytes back, also from the middle of an array', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(50), (bytes, before) => {
        const around = new Uint8Array(bytes.length + before + 3);
        around.set(bytes, before);
        const packed = systemCompression.compress(name, around.subarray(before, before + bytes.length));
        const shifted = new Uint8Array(packed.length + before);
        shifted.set(packed, before);
        expect(systemCompression.decompress(name, shifted.subarray(before), 2000)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses results beyond the bound', () => {
    const packed = systemCompression.compress(name, text);
    expect(codeOf(() => systemCompression.decompress(name, packed, text.length - 1))).toBe('limit-exceeded');
    expect(codeOf(() => systemCompression.decompress(name, packed, 10))).toBe('limit-exceeded');
  });
});

describe.each(REAL)('%s on damaged bytes', (name) => {
  it('reports bombs before it makes them', () => {
    const bomb = systemCompression.compress(name, new Uint8Array(30_000_000));
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i++) {
      expect(codeOf(() => systemCompression.decompress(name, bomb, 100_000))).toBe('limit-exceeded');
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(25_000_000);
  });

  it('never fails in an unnamed way', () => {
    const packed = systemCompression.compress(name, text.subarray(0, 5000));
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const damaged = Uint8Array.from(cut ? packed.subarray(0, at) : packed);
        if (!cut) damaged[at] = damaged[at]! ^ flip;
        expect(['none', 'bad-data', 'limit-exceeded']).toContain(
          codeOf(() => expect(systemCompression.decompress(name, damaged, 20_000).length).toBeLessThanOrEqual(20_000)),
        );
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(['none', 'bad-data', 'limit-exceeded']).toContain(
          codeOf(() => systemCompression.decompress(name, bytes, 1000)),
        );
      }),
    );
  });
});

describe('framings', () => {
  it('reads raw snappy, as librdkafka writes it', () => {
    // "aaaaaaaaaa" in raw snappy: length 10, one literal, one copy of 9.
    const raw = Uint8Array.of(10, 0, 97, 0x15, 1);
    expect(systemCompression.decompress('snappy', raw, 10)).toEqual(utf8('a'.repeat(10)));
  });

  const line = '{"station":"16107","bikes":12}\n';
  it.each([
    ['gzip', 'H4sIAAAAAAAA/6sAAIMW3IwBAAAA', 'x'],
    ['snappy', 'glNOQVBQWQAAAAABAAAAAQAAAAMBAHg=', 'x'],
    ['lz4', 'BCJNGGBAggEAAIB4AAAAAA==', 'x'],
    // A frame that does not say its size, far larger than its bytes suggest.
    ['zstd', 'KLUv/QBYRAEA+Hsic3RhdGlvbiI6IjE2MTA3IiwiYmlrZXMiOjEyfQoBAJusiVw5AQEAAA==', line.repeat(3000)],
  ] as const)('reads %s of the Java client', (name, base64, plain) => {
    const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
    expect(Buffer.from(systemCompression.decompress(name, bytes, plain.length)).toString()).toBe(plain);
    expect(codeOf(() => systemCompression.decompress(name, bytes, plain.length - 1))).toBe('limit-exceeded');
  });

  it('refuses a codec that was not prepared by name', () => {
    expect(codeOf(() => systemCompression.compress('brotli' as 'gzip', text))).toBe('internal');
  });
});
