import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { MAX_NUMBER_BYTES, writeNumber, writePlainText } from '../../../src/connect/codecs/json-bytes.js';

function numberText(value: number): string {
  const target = new Uint8Array(MAX_NUMBER_BYTES + 1);
  return fromUtf8(target.subarray(1, writeNumber(target, 1, value)));
}

describe('writeNumber', () => {
  it('writes what the language writes, to the last digit', () => {
    const decimal = fc
      .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 9 }))
      .map(([digits, places]) => digits / 10 ** places);
    const neighbour = decimal.map((value) => value + value * Number.EPSILON);
    const large = fc.tuple(fc.maxSafeInteger(), fc.constantFrom(1, 10, 100, 1000, 1e4)).map(([a, b]) => a / b);
    const edge = fc.constantFrom(-0, 0.001, 0.0005, 1e-6, 1e-7, 5e-324, 1e15, 999999999999.999, 1e12 + 0.001, 2 ** 53);
    const number = fc.oneof(decimal, neighbour, large, edge, fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(number, (value) => {
        expect(numberText(value)).toBe(String(value));
      }),
      { numRuns: 20_000 },
    );
  });

  it('writes null for what JSON has no number for', () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(numberText)).toEqual([
      'null',
      'null',
      'null',
    ]);
  });
});

describe('writePlainText', () => {
  it('writes the JSON of texts that are their bytes, and leaves the others', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.string({ unit: 'binary' }), fc.string());
    fc.assert(
      fc.property(text, (value) => {
        const json = JSON.stringify(value);
        const target = new Uint8Array(value.length + 3);
        const end = writePlainText(target, 1, value);
        if (end < 0)
          expect(json.length > value.length + 2 || utf8(json).length > json.length || value.includes('\u007f')).toBe(
            true,
          );
        else expect(fromUtf8(target.subarray(1, end))).toBe(json);
      }),
    );
  });
});
