import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import { batchOf, type Schema } from '../../../src/base/row-batch.js';
import { JsonRowEncoder, RowKeyEncoder } from '../../../src/connect/codecs/json-encoder.js';

const schema: Schema = [
  { name: 'maker', type: 'string' },
  { name: 'n', type: 'bigint' },
  { name: 'mean', type: 'double' },
  { name: 'window_start', type: 'timestamp' },
  { name: 'open', type: 'boolean' },
  { name: 'extra', type: 'json' },
];
const batch = batchOf(schema, [
  { maker: 'a "b"\né', n: 9007199254740993n, mean: 0.1, window_start: 60_000, open: true, extra: { x: [1n, null] } },
  { maker: null, n: 3, mean: Number.NaN, window_start: -1, open: false, extra: null },
]);

describe('JsonRowEncoder', () => {
  it('keeps big integers, writes times as ISO and NaN as null', () => {
    expect(new JsonRowEncoder(schema).encode(batch).map(fromUtf8)).toEqual([
      '{"maker":"a \\"b\\"\\né","n":9007199254740993,"mean":0.1,"window_start":"1970-01-01T00:01:00.000Z","open":true,"extra":{"x":[1,null]}}',
      '{"maker":null,"n":3,"mean":null,"window_start":"1969-12-31T23:59:59.999Z","open":false,"extra":null}',
    ]);
  });

  it('writes the columns it was asked for, in that order, and null for what is missing', () => {
    const encoder = new JsonRowEncoder([
      { name: 'n', type: 'bigint' },
      { name: 'gone', type: 'string' },
    ]);
    expect(fromUtf8(encoder.encode(batch)[1]!)).toBe('{"n":3,"gone":null}');
  });
});

describe('RowKeyEncoder', () => {
  it('is the bare text of one key, an array of several, null of none', () => {
    const key = (keys: string[], row: number): string | null => {
      const bytes = new RowKeyEncoder(keys).encode(batch)[row]!;
      return bytes === null ? null : fromUtf8(bytes);
    };
    expect(key(['maker'], 0)).toBe('a "b"\né');
    expect(key(['maker'], 1)).toBe('[null]');
    expect(key(['n'], 0)).toBe('9007199254740993');
    expect(key(['window_start'], 0)).toBe('1970-01-01T00:01:00.000Z');
    expect(key(['maker', 'n'], 1)).toBe('[null,3]');
    expect(key([], 0)).toBeNull();
  });
});
