import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { COMPRESSION_NAMES } from '../../src/base/codec-interfaces.js';
import { systemCompression } from '../../src/base/compression.js';
import { StreamctlError } from '../../src/base/errors.js';
import {
  type BatchHeader,
  batchBytesAt,
  compressionOf,
  hasAppendTime,
  hasRightCrc,
  isControl,
  isTransactional,
  nextOffset,
  nextSequence,
  patchBatch,
  readBatches,
  readBatchHeader,
  readCompleteBatches,
  recordSection,
  stampAppendTime,
} from '../../src/wire/record-batch.js';
import {
  encodeHeaders,
  RecordBatchBuilder,
  type RecordRun,
  runBytes,
  transactionMarker,
} from '../../src/wire/record-batch-builder.js';
import { controlTypeOf, RecordCursor, type RecordHeader } from '../../src/wire/record-cursor.js';

/** One batch in each codec and two markers, written by Kafka 4.3.1's own classes. */
const JAVA = {
  none: 'AAAAAAAAACoAAAEsAAAACQK7U1PhABAAAAADAAABi8/laAAAAAG6YNM4AAAAAAAAAABNAAMAAAAPAAAABCIAAAAEazAEdjAEAmgCeAJuARIAzw8CAQR2MQAWAIDA7o7SCwQAAQCiAwACBgRrM5ADeXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXkA',
  gzip: 'AAAAAAAAACoAAAB8AAAACQK5kusAABEAAAADAAABi8/laAAAAAG6YNM4AAAAAAAAAABNAAMAAAAPAAAABB+LCAAAAAAAAP9TYmBgYMk2YCkzYGHKYKpgymMUYjjPz8TIUmbIIMbQcOBd3yVuFgZGhkXMDExsLNnGE5grhwlgAAAC1f7U+wAAAA==',
  snappy:
    'AAAAAAAAACoAAACKAAAACQJ2hLEeABIAAAADAAABi8/laAAAAAG6YNM4AAAAAAAAAABNAAMAAAAPAAAABIJTTkFQUFkAAAAAAQAAAAEAAABF+wHQIgAAAARrMAR2MAQCaAJ4Am4BEgDPDwIBBHYxABYAgMDujtILBAABAKIDAAIGBGszkAN5eXn+AgD+AgD+AgAFAgAA',
  lz4: 'AAAAAAAAACoAAAB+AAAACQLOW5/6ABMAAAADAAABi8/laAAAAAG6YNM4AAAAAAAAAABNAAMAAAAPAAAABAQiTRhgQII+AAAA/yQiAAAABGswBHYwBAJoAngCbgESAM8PAgEEdjEAFgCAwO6O0gsEAAEAogMAAgYEazOQA3kBALBQeXl5eQAAAAAA',
  zstd: 'AAAAAAAAACoAAAB5AAAACQIpvEEsABQAAAADAAABi8/laAAAAAG6YNM4AAAAAAAAAABNAAMAAAAPAAAABCi1L/0AWOQBAEQDIgAAAARrMAR2MAQCaAJ4Am4BEgDPDwIBBHYxABYAgMDujtILBAABAKIDAAIGBGszkAN5AAEAQ6QAFAEAAA==',
  commit: 'AAAAAAAAAAAAAABC/////wKStMa5ADAAAAAAAAABi8/laAAAAAGLz+VoAAAAAAAAAABNAAP/////AAAAASAAAAAIAAAAAQwAAAAAAAUA',
  abort: 'AAAAAAAAAAAAAABC/////wI7oulaADAAAAAAAAABi8/laAAAAAGLz+VoAAAAAAAAAABNAAP/////AAAAASAAAAAIAAAAAAwAAAAAAAAA',
} as const;

const MAX_BYTES = 1_000_000;

function javaBytes(name: keyof typeof JAVA): Uint8Array {
  return Uint8Array.from(Buffer.from(JAVA[name], 'base64'));
}

interface PlainRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : fromUtf8(bytes);
}

function recordsOf(bytes: Uint8Array, header: BatchHeader): PlainRecord[] {
  const cursor = new RecordCursor();
  cursor.open(header, recordSection(bytes, header, systemCompression, MAX_BYTES));
  const found: PlainRecord[] = [];
  while (cursor.next()) {
    found.push({
      offset: cursor.offset,
      timestampMs: cursor.timestampMs,
      key: textOf(cursor.key()),
      value: textOf(cursor.value()),
      headers: cursor.headers().map((one: RecordHeader) => [one.key, textOf(one.value)] as const),
    });
  }
  return found;
}

const JAVA_RECORDS: PlainRecord[] = [
  {
    offset: 42,
    timestampMs: 1_700_000_000_000,
    key: 'k0',
    value: 'v0',
    headers: [
      ['h', 'x'],
      ['n', null],
    ],
  },
  { offset: 43, timestampMs: 1_699_999_999_000, key: null, value: 'v1', headers: [] },
  { offset: 44, timestampMs: 1_900_000_000_000, key: '', value: null, headers: [] },
  { offset: 45, timestampMs: 1_700_000_000_001, key: 'k3', value: 'y'.repeat(200), headers: [] },
];

function builderWithJavaRecords(): RecordBatchBuilder {
  const builder = new RecordBatchBuilder(64);
  for (const { timestampMs, key, value, headers } of JAVA_RECORDS) {
    const encoded = encodeHeaders(
      headers.map(([name, text]) => ({ key: name, value: text === null ? null : utf8(text) })),
    );
    builder.append(timestampMs, key === null ? null : utf8(key), value === null ? null : utf8(value), encoded);
  }
  return builder;
}

const OPTIONS = {
  producerId: 77n,
  producerEpoch: 3,
  baseSequence: 15,
  transactional: true,
  leaderEpoch: 9,
  baseOffset: 42,
};

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof StreamctlError) return error.code;
    throw error;
  }
  return 'none';
}

beforeAll(async () => {
  for (const name of COMPRESSION_NAMES) await systemCompression.prepare(name);
});

describe("batches of Kafka's own classes", () => {
  it.each(COMPRESSION_NAMES)('are read: %s', (name) => {
    const bytes = javaBytes(name);
    const header = readBatchHeader(bytes);
    expect(hasRightCrc(bytes, header)).toBe(true);
    expect(compressionOf(header)).toBe(name);
    expect(header).toMatchObject({
      producerId: 77,
      producerEpoch: 3,
      baseSequence: 15,
      leaderEpoch: 9,
      recordCount: 4,
    });
    expect([isTransactional(header), isControl(header), hasAppendTime(header)]).toEqual([true, false, false]);
    expect([nextOffset(header), nextSequence(header)]).toEqual([46, 19]);
    expect(recordsOf(bytes, header)).toEqual(JAVA_RECORDS);
  });

  it('are written byte for byte', () => {
    expect(builderWithJavaRecords().finish(OPTIONS)).toEqual(javaBytes('none'));
    expect(transactionMarker('commit', 77, 3, 5, 1_700_000_000_000)).toEqual(javaBytes('commit'));
    expect(transactionMarker('abort', 77n, 3, 0, 1_700_000_000_000)).toEqual(javaBytes('abort'));
  });

  it.each(['commit', 'abort'] as const)('say how a transaction ended: %s', (type) => {
    const bytes = javaBytes(type);
    const header = readBatchHeader(bytes);
    expect([isControl(header), isTransactional(header)]).toEqual([true, true]);
    const cursor = new RecordCursor();
    cursor.open(header, recordSection(bytes, header, systemCompression, MAX_BYTES));
    expect(cursor.next()).toBe(true);
    expect(controlTypeOf(cursor)).toBe(type);
  });
});

describe('RecordBatchBuilder', () => {
  const record = fc.record({
    timestampMs: fc.integer({ min: -1, max: 2 ** 50 }),
    key: fc.option(fc.uint8Array({ maxLength: 100 }), { nil: null }),
    value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null }),
    headers: fc.array(
      fc.record({ key: fc.string(), value: fc.option(fc.uint8Array({ maxLength: 80 }), { nil: null }) }),
      { maxLength: 3 },
    ),
  });

  it.each(COMPRESSION_NAMES)('gives back any records: %s', (name) => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const builder = new RecordBatchBuilder(100);
        for (const one of records) builder.append(one.timestampMs, one.key, one.value, encodeHeaders(one.headers));
        const bytes = builder.finish({ compression: { name, codec: systemCompression }, baseOffset: 2 ** 40 });
        const header = readBatchHeader(bytes);
        expect(hasRightCrc(bytes, header)).toBe(true);
        expect(header.maxTimestampMs).toBe(Math.max(...records.map((one) => one.timestampMs)));
        const cursor = new RecordCursor();
        cursor.open(header, recordSection(bytes, header, systemCompression, MAX_BYTES));
        records.forEach((one, i) => {
          expect(cursor.next()).toBe(true);
          expect([cursor.offset, cursor.timestampMs]).toEqual([2 ** 40 + i, one.timestampMs]);
          expect([cursor.key(), cursor.value(), cursor.headers()]).toEqual([one.key, one.value, one.headers]);
          expect(cursor.hasHeaders).toBe(one.headers.length > 0);
        });
        expect(cursor.next()).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('begins anew after finish and leaves the finished batch alone', () => {
    const builder = builderWithJavaRecords();
    const first = builder.finish(OPTIONS);
    const copy = Uint8Array.from(first);
    expect([builder.recordCount, codeOf(() => builder.finish())]).toEqual([0, 'internal']);
    builder.append(5, null, utf8('other'));
    const second = builder.finish();
    expect(first).toEqual(copy);
    expect(recordsOf(second, readBatchHeader(second))).toEqual([
      { offset: 0, timestampMs: 5, key: null, value: 'other', headers: [] },
    ]);
  });

  it('adds a run as it adds its records one by one', () => {
    const run = fc.record({
      texts: fc.array(fc.string({ maxLength: 40, unit: 'binary' }), { minLength: 1, maxLength: 300 }),
      first: fc.oneof(fc.nat(200), fc.integer({ min: 2 ** 31 - 100, max: 2 ** 31 + 100 }), fc.constant(2 ** 53 - 400)),
      timestampMs: fc.oneof(fc.constant(77), fc.integer({ min: 0, max: 2 ** 40 })),
    });
    const headers = (number: string) =>
      encodeHeaders([
        { key: 'h', value: utf8('same') },
        { key: 'n', value: utf8(number) },
      ]);
    fc.assert(
      fc.property(
        fc.array(run, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 100, max: 6000 }),
        (runs, maxBytes) => {
          const [ones, whole] = [new RecordBatchBuilder(64), new RecordBatchBuilder(64)];
          const batches: Uint8Array[][] = [[], []];
          for (const { texts, first, timestampMs } of runs) {
            const values = texts.map(utf8);
            for (const [index, value] of values.entries()) {
              const raw = headers(String(first + index));
              const isFull = ones.recordCount > 0 && ones.sizeBytes + value.length + raw.length > maxBytes;
              if (isFull) batches[0]!.push(ones.finish());
              ones.append(timestampMs, null, value, raw);
            }
            let end = -1;
            const together: RecordRun = {
              count: texts.length,
              bytes: concatBytes(values.flatMap((value) => [value, Uint8Array.of(0x0a)])),
              ends: Int32Array.from(values, ({ length }) => (end += length + 1)),
              headers: headers('').slice(0, -1),
              numbers: Float64Array.from(values, (_, index) => first + index),
            };
            for (let index = 0; index < together.count; ) {
              const isFull = whole.recordCount > 0 && whole.sizeBytes + runBytes(together, index) > maxBytes;
              if (isFull) batches[1]!.push(whole.finish());
              index = whole.appendRun(timestampMs, together, index, maxBytes);
            }
          }
          batches[0]!.push(ones.finish());
          batches[1]!.push(whole.finish());
          expect(batches[1]).toEqual(batches[0]);
        },
      ),
    );
  });

  it('knows its size before compression', () => {
    const builder = builderWithJavaRecords();
    const { sizeBytes } = builder;
    expect(builder.finish().length).toBe(sizeBytes);
  });
});

describe('batches in a row', () => {
  const one = javaBytes('none');
  const two = javaBytes('commit');

  it('are told apart, and a broken tail is left out or refused', () => {
    const row = concatBytes([one, two, one]);
    expect(readBatches(row).map((header) => [header.start, header.end])).toEqual([
      [0, one.length],
      [one.length, one.length + two.length],
      [one.length + two.length, row.length],
    ]);
    for (let cut = one.length + two.length; cut < row.length; cut++) {
      expect(readCompleteBatches(row.subarray(0, cut)).length).toBe(2);
    }
    expect(codeOf(() => readBatches(row.subarray(0, row.length - 1)))).toBe('malformed-frame');
    expect(readBatches(new Uint8Array(0))).toEqual([]);
  });

  it('can be measured by their first bytes', () => {
    expect(batchBytesAt(one.subarray(0, 12), 0)).toBe(one.length);
    expect(batchBytesAt(one.subarray(0, 11), 0)).toBeUndefined();
    expect(codeOf(() => batchBytesAt(new Uint8Array(100), 0))).toBe('malformed-frame');
  });
});

describe('changing a batch in place', () => {
  it('gives it an offset without touching the checksum', () => {
    const bytes = javaBytes('zstd');
    patchBatch(bytes, 0, 2 ** 45 + 7, 12);
    const header = readBatchHeader(bytes);
    expect([header.baseOffset, header.leaderEpoch, hasRightCrc(bytes, header)]).toEqual([2 ** 45 + 7, 12, true]);
  });

  it("gives all records the broker's time", () => {
    const bytes = javaBytes('lz4');
    stampAppendTime(bytes, readBatchHeader(bytes), 1_800_000_000_000);
    const header = readBatchHeader(bytes);
    expect([hasAppendTime(header), hasRightCrc(bytes, header), compressionOf(header)]).toEqual([true, true, 'lz4']);
    expect(new Set(recordsOf(bytes, header).map((record) => record.timestampMs))).toEqual(new Set([1_800_000_000_000]));
  });
});

describe('a damaged batch', () => {
  it('fails its checksum wherever a bit flips behind it', () => {
    const bytes = javaBytes('none');
    const header = readBatchHeader(bytes);
    for (let at = 21; at < bytes.length; at += 3) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = damaged[at]! ^ 4;
      expect(hasRightCrc(damaged, header)).toBe(false);
    }
  });

  it.each([
    ['an old format', 16, [1]],
    ['a negative length', 8, [0xff, 0, 0, 0]],
    ['a length beyond the bytes', 8, [0, 1, 0, 0]],
    ['more records than offsets', 57, [0, 0, 0, 9]],
    ['negative counts', 57, [0xff, 0xff, 0xff, 0xff]],
    ['more records than bytes', 23, [0x7f, 0, 0, 0]],
  ])('is refused for %s', (what, at, values) => {
    const bytes = javaBytes('none');
    bytes.set(values, at);
    if (what === 'more records than bytes') bytes.set([0, 1, 0, 0], 57);
    expect(codeOf(() => readBatchHeader(bytes))).toBe('malformed-frame');
  });

  it('is refused for an unknown codec and for records that do not add up', () => {
    const bytes = javaBytes('none');
    bytes[22] = 7;
    expect(codeOf(() => compressionOf(readBatchHeader(bytes)))).toBe('malformed-frame');
    const missing = javaBytes('none');
    missing[60] = 3;
    expect(codeOf(() => recordsOf(missing, readBatchHeader(missing)))).toBe('malformed-frame');
    const bomb = readBatchHeader(javaBytes('zstd'));
    expect(codeOf(() => recordSection(javaBytes('zstd'), bomb, systemCompression, 100))).toBe('limit-exceeded');
  });

  it('says so when sequences wrap', () => {
    expect(nextSequence({ ...readBatchHeader(javaBytes('none')), baseSequence: 2 ** 31 - 2, lastOffsetDelta: 3 })).toBe(
      2,
    );
  });
});
