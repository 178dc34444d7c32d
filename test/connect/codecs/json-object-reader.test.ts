import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { makeVector, type Schema, type Value, valueAt } from '../../../src/base/row-batch.js';
import { JsonObjectReader } from '../../../src/connect/codecs/json-object-reader.js';

const SCHEMA: Schema = [
  { name: 'maker', type: 'string' },
  { name: 'price', type: 'double' },
  { name: 'year', type: 'bigint' },
  { name: 'ts', type: 'timestamp' },
];

interface Read {
  readonly row: readonly Value[] | undefined;
  readonly reason: string;
  readonly column: string | undefined;
}

/** Reads the records one behind the other, as they lie in a batch, by one reader or by a new one each. */
function read(records: readonly Uint8Array[], learns: boolean): Read[] {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length + 1, 0));
  const vectors = SCHEMA.map(({ type }) => makeVector(type, records.length));
  let reader = new JsonObjectReader(SCHEMA);
  reader.into(vectors);
  let at = 0;
  return records.map((record, row) => {
    bytes.set(record, at);
    if (!learns) {
      reader = new JsonObjectReader(SCHEMA);
      reader.into(vectors);
    }
    const start = at;
    at += record.length + 1;
    // What comes after it is there already when a record of a batch is read.
    bytes.fill(row % 2 === 0 ? 0x7d : 0x22, at - 1);
    if (!reader.read(bytes, start, at - 1, row))
      return { row: undefined, reason: reader.reason, column: reader.column };
    const values = SCHEMA.map(({ type }, place) => valueAt(vectors[place]!, type, row));
    return { row: values, reason: '', column: undefined };
  });
}

/** What the language's parser says of a record: undefined where it is no object. */
function parsed(record: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(record));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.string({ maxLength: 9 }),
  fc.constantFrom('vw', 'audi', 'skoda', 'maker 12345', ''),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const number = fc.oneof(
  fc.integer({ min: -9999, max: 999_999_999 }).map((value) => value / 100),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 999_999_999, 9_999_999_999, 123456789012345, 0.1, 1e21, 5e-324),
);
/** A record as its producer writes it: always the same fields in the same order. */
const regular = fc
  .record({
    id: fc.nat(),
    maker: text,
    note: text,
    year: fc.integer({ min: 1990, max: 2030 }),
    price: number,
    sold: fc.constantFrom(true, false, null),
    tax: number,
    ts: fc.integer({ min: 1.6e12, max: 1.8e12 }),
  })
  .map((row) => JSON.stringify(row));

/** What can come in place of, before or behind a byte. */
const piece = fc.oneof(
  fc.constantFrom('"', '\\', '\\"', '\\u00e9', '{', '}', '[', ']', ':', ',', ' ', '\n', '\u0001', 'é', '漢', 'null'),
  fc.constantFrom('0', '00', '9', '-', '.', 'e', 'E+5', '1234567890123456789', '.5', '"maker":"x",', ',"price":7'),
);
const surprise = fc.oneof(
  fc.tuple(fc.constant('cut' as const), fc.nat(), fc.constant(0), fc.constant('')),
  fc.tuple(fc.constant('change' as const), fc.nat(), fc.nat(3), piece),
);

function surprised(record: string, [kind, place, removed, added]: [string, number, number, string]): Uint8Array {
  const bytes = utf8(record);
  const at = place % bytes.length;
  if (kind === 'cut') return bytes.subarray(0, at);
  return Uint8Array.from([...bytes.subarray(0, at), ...utf8(added), ...bytes.subarray(at + removed)]);
}

describe('JsonObjectReader', () => {
  it('reads a record the same whatever it has learnt from those before, and takes what JSON.parse takes', () => {
    const odd = fc.tuple(regular, surprise).map(([record, change]) => surprised(record, change));
    const spaced = regular.map((record) => utf8(JSON.stringify(JSON.parse(record), null, 1)));
    const turned = regular.map((record) =>
      utf8(JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(record)).reverse()))),
    );
    const plain = regular.map((record) => utf8(record));
    const any = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 3, arbitrary: odd }, spaced, turned);
    fc.assert(
      fc.property(fc.array(any, { minLength: 2, maxLength: 8 }), (records) => {
        const learnt = read(records, true);
        expect(learnt).toEqual(read(records, false));
        records.forEach((record, at) => {
          const { row, reason } = learnt[at]!;
          const expected = parsed(record);
          if (expected === undefined) expect(row).toBeUndefined();
          else if (row === undefined) expect(reason).toMatch(/^(maker|price|year|ts): /);
          else {
            if (typeof expected.maker === 'string') expect(row[0]).toBe(expected.maker);
            if (typeof expected.price === 'number') expect(row[1]).toBe(expected.price);
            if (typeof expected.year === 'number') expect(Number(row[2])).toBe(expected.year + 0);
            if (typeof expected.ts === 'number') expect(row[3]).toBe(expected.ts);
          }
        });
      }),
      { numRuns: 1500 },
    );
  });

  it('stands a surprise at every byte', () => {
    const record = '{"id":1,"maker":"audi","note":"a\\u00e9b","year":2017,"price":12.5,"ts":1700000000000}';
    const bytes = utf8(record);
    for (let at = 0; at < bytes.length; at++) {
      for (const added of ['', '"', '\\', '}', ',', '0', ' ', 'x', '\u0000', 'é']) {
        for (const removed of [0, 1]) {
          const odd = surprised(record, ['change', at, removed, added]);
          const [, second, third] = read([bytes, odd, bytes], true);
          expect(second).toEqual(read([bytes, odd], false)[1]);
          if (parsed(odd) === undefined) expect(second!.row).toBeUndefined();
          else expect(second!.row ?? second!.column).toBeDefined();
          expect(third!.row).toEqual(['audi', 12.5, 2017, 1700000000000]);
        }
      }
    }
  });

  it('tells texts apart that begin or end alike, however many there are', () => {
    const texts = Array.from({ length: 6000 }, (_, at) => 'abcdefgh'.repeat(7).slice(0, at % 50) + String(at % 700));
    const rows = read(
      texts.map((maker) => utf8(JSON.stringify({ maker }))),
      true,
    );
    expect(rows.map(({ row }) => row![0])).toEqual(texts);
  });
});
