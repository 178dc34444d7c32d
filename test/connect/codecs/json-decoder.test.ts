import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { systemCompression } from '../../../src/base/compression.js';
import { rowAt, type Schema, type ValueType } from '../../../src/base/row-batch.js';
import { JsonDecoder } from '../../../src/connect/codecs/json-decoder.js';
import type { FetchedRecords } from '../../../src/connect/kafka/interfaces.js';
import { encodeHeaders, RecordBatchBuilder } from '../../../src/wire/record-batch-builder.js';
import { exactOf } from './exact-json.js';

/** Record batches with these values, as a fetch gives them. */
function fetched(values: readonly (string | Uint8Array | null)[], extra: Partial<FetchedRecords> = {}): FetchedRecords {
  const builder = new RecordBatchBuilder();
  for (const value of values) builder.append(1000, utf8('key'), typeof value === 'string' ? utf8(value) : value);
  return {
    topic: 't',
    partition: 2,
    records: builder.finish({ baseOffset: 10 }),
    fromOffset: 10,
    nextOffset: 10 + values.length,
    highWatermark: 100,
    lastStableOffset: 100,
    logStartOffset: 0,
    aborted: [],
    ...extra,
  };
}

function decode(schema: Schema, values: readonly (string | Uint8Array | null)[]) {
  const decoded = new JsonDecoder(schema, systemCompression).decode(fetched(values));
  return { ...decoded, rowObjects: Array.from({ length: decoded.rows.length }, (_, row) => rowAt(decoded.rows, row)) };
}

const one = (type: ValueType): Schema => [{ name: 'v', type }];
const values = (type: ValueType, texts: readonly string[]): unknown[] =>
  decode(
    one(type),
    texts.map((text) => `{"v":${text}}`),
  ).rowObjects.map((row) => row.v);
const reasons = (type: ValueType, texts: readonly string[]): string[] =>
  decode(
    one(type),
    texts.map((text) => `{"v":${text}}`),
  ).rejected.map(({ reason }) => reason);

describe('columns of record headers', () => {
  it('are texts: the last one of a name, null where there is none', () => {
    const builder = new RecordBatchBuilder();
    const add = (value: string, ...headers: readonly (readonly [key: string, value: string | null])[]): void =>
      builder.append(
        1000,
        null,
        utf8(value),
        encodeHeaders(headers.map(([key, text]) => ({ key, value: text === null ? null : utf8(text) }))),
      );
    add('{"v":1}', ['lot', 'first'], ['other', 'x'], ['lot', 'é2']);
    add('{"v":2,"lot":"of the object"}');
    add('no JSON', ['lot', 'rejected']);
    add('{"v":3}', ['lot', null]);
    add('{"v":4}', ['lot', '']);
    const schema = [
      { name: 'lot', type: 'string', header: 'lot' },
      { name: 'v', type: 'bigint' },
    ] as const;
    const records = builder.finish({ baseOffset: 10 });
    const { rows, rejected } = new JsonDecoder(schema, systemCompression).decode({
      ...fetched([null, null, null, null, null]),
      records,
    });
    expect(Array.from({ length: rows.length }, (_, row) => rowAt(rows, row))).toEqual([
      { lot: 'é2', v: 1 },
      { lot: null, v: 2 },
      { lot: null, v: 3 },
      { lot: '', v: 4 },
    ]);
    expect(rejected).toHaveLength(1);
  });
});

describe('JsonDecoder', () => {
  it('gives the wanted columns with offsets and times', () => {
    const schema: Schema = [
      { name: 'price', type: 'double' },
      { name: 'model', type: 'string' },
      { name: 'missing', type: 'bigint' },
    ];
    const { rows, rowObjects, recordCount, nextOffset } = decode(schema, [
      '{"model":"A1","year":2017,"price":12500.5}',
      ' { "price" : 1 , "extra" : [1,{"a":"}"}] , "model" : "é\\n" } ',
      '{}',
    ]);
    expect(rowObjects).toEqual([
      { price: 12500.5, model: 'A1', missing: null },
      { price: 1, model: 'é\n', missing: null },
      { price: null, model: null, missing: null },
    ]);
    expect([...rows.offsets!.subarray(0, 3)]).toEqual([10, 11, 12]);
    expect(rows.timestamps![0]).toBe(1000);
    expect(rows.partition).toBe(2);
    expect({ recordCount, nextOffset }).toEqual({ recordCount: 3, nextOffset: 13 });
  });

  it('keeps every digit of whole numbers', () => {
    expect(values('bigint', ['9007199254740993', '-9223372036854775808', '12', '"34"', '5.0', 'null'])).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      12,
      34,
      5,
      null,
    ]);
    expect(values('json', ['[9007199254740993,1.5]', '{"a":null}', '"x"'])).toEqual([
      [9007199254740993n, 1.5],
      { a: null },
      'x',
    ]);
  });

  it('takes texts that spell a value, and other values as text', () => {
    expect(values('double', ['"1.5"', '" 7 "', '-0.25e1'])).toEqual([1.5, 7, -2.5]);
    expect(values('boolean', ['true', 'false', '"true"', 'null'])).toEqual([true, false, true, null]);
    expect(values('string', ['16107', '1.50', 'true', '{"a":1}', '""'])).toEqual([
      '16107',
      '1.50',
      'true',
      '{"a":1}',
      '',
    ]);
    expect(values('timestamp', ['1700000000000', '"2023-11-14T22:13:20Z"', '"2023-11-14 22:13:20"'])).toEqual([
      1700000000000, 1700000000000, 1700000000000,
    ]);
  });

  it('rejects what does not fit, and says why', () => {
    expect(reasons('double', ['"abc"', '[1]', 'true', '1e999'])).toEqual([
      'v: "abc" is not a number',
      'v: [1] is not a number',
      'v: true is not a number',
      'v: 1e999 is not a number',
    ]);
    expect(reasons('bigint', ['1.5', '"1 002"', '9223372036854775808', '"-99999999999999999999"'])).toEqual([
      'v: 1.5 is not a whole number',
      'v: "1 002" is not a whole number',
      'v: 9223372036854775808 is not a whole number of 64 bits',
      'v: "-99999999999999999999" is not a whole number of 64 bits',
    ]);
    expect(reasons('timestamp', ['"yesterday"'])).toEqual(['v: "yesterday" is not a time']);
    expect(reasons('boolean', ['"yes"', '1'])).toEqual(['v: "yes" is not true or false', 'v: 1 is not true or false']);
  });

  it('rejects what is no JSON object, in wanted and unwanted fields, with the record', () => {
    const { rejected, rows } = decode(one('double'), [
      '{"v":NaN}',
      '{"x":NaN,"v":1}',
      '[1,2]',
      '"{\\"v\\":1}"',
      '',
      '{"v":1',
      '{"v":1}x',
      '{"v":1}',
      null,
    ]);
    expect(rows.length).toBe(1);
    expect(rejected).toHaveLength(7);
    expect(rejected.map(({ offset }) => offset)).toEqual([10, 11, 12, 13, 14, 15, 16]);
    expect(rejected[0]).toMatchObject({ reason: expect.stringContaining('not JSON'), timestampMs: 1000, partition: 2 });
    expect(rejected[2]!.reason).toContain('array');
    expect(rejected[3]!.reason).toContain('encoded twice');
    expect(rejected[4]!.reason).toBe('the value is empty');
  });

  it('leaves out records before the first wanted offset', () => {
    const records = fetched(['{"v":1}', '{"v":2}', '{"v":3}'], { fromOffset: 11 });
    const { rows, recordCount } = new JsonDecoder(one('double'), systemCompression).decode(records);
    expect(rows.length).toBe(2);
    expect(recordCount).toBe(2);
  });

  const schema: Schema = [
    { name: 'a', type: 'json' },
    { name: 'b', type: 'json' },
    { name: 'é"', type: 'json' },
  ];

  it('agrees with JSON.parse on any objects, whatever the order and spacing of their fields', () => {
    const object = fc.dictionary(fc.constantFrom('a', 'b', 'é"', 'x', 'yy'), fc.jsonValue({ maxDepth: 2 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(undefined, 1, '\t'),
        (objects, indent) => {
          const { rowObjects, rejected } = decode(
            schema,
            objects.map((row) => JSON.stringify(row, null, indent)),
          );
          expect(rejected).toEqual([]);
          const plain = objects.map((row) => exactOf(JSON.parse(JSON.stringify(row))) as Record<string, unknown>);
          expect(rowObjects).toEqual(
            plain.map((row) => ({ a: row.a ?? null, b: row.b ?? null, 'é"': row['é"'] ?? null })),
          );
        },
      ),
    );
  });

  it('takes for an object what JSON.parse takes for one, of any text', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '\\',
      'u00e9',
      '1',
      '-',
      '.5',
      'e3',
      '0',
      'true',
      'null',
      ' ',
      '\n',
      'é',
      '\u0001',
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), fc.boolean(), (parts, wrap) => {
        const text = wrap ? `{"a":${parts.join('')}}` : parts.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expected = undefined;
        }
        const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
        // Whatever stands behind the value must not matter.
        const { rows, rejected } = decode(schema, [text, '{"b":1}}]"']);
        expect(rows.length).toBe(isObject ? 1 : 0);
        expect(rejected).toHaveLength(isObject ? 1 : 2);
        if (isObject) expect(rowAt(rows, 0).a).toEqual((expected as Record<string, unknown>).a ?? null);
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with JSON.parse on numbers to the last bit', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc.tuple(fc.integer(), fc.nat(999_999), fc.integer({ min: -30, max: 30 })).map(([a, b, e]) => `${a}.${b}e${e}`),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}`),
    );
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), (texts) => {
        expect(values('double', texts)).toEqual(texts.map((text) => JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });
});
