import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchOf, rowAt, type Schema } from '../../src/base/row-batch.js';

const schema: Schema = [
  { name: 'flag', type: 'boolean' },
  { name: 'count', type: 'bigint' },
  { name: 'price', type: 'double' },
  { name: 'model', type: 'string' },
  { name: 'at', type: 'timestamp' },
];

const rowArbitrary = fc.record({
  flag: fc.option(fc.boolean()),
  count: fc.option(
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  ),
  price: fc.option(fc.double({ noNaN: true })),
  model: fc.option(fc.string()),
  at: fc.option(fc.integer()),
});

describe('row batch', () => {
  it('gives back every value, 64-bit integers exactly', () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 20 }), (rows) => {
        const batch = batchOf(schema, rows);
        expect(rows.map((_, index) => rowAt(batch, index))).toEqual(rows);
      }),
    );
  });

  it('refuses two columns of one name', () => {
    expect(() => batchOf([...schema, { name: 'flag', type: 'double' }], [])).toThrow(/unique/);
  });
});
