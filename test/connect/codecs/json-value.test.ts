import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../../src/connect/codecs/json-value.js';
import { exactOf } from './exact-json.js';

describe('parseExactJson', () => {
  it('agrees with JSON.parse on any value beside a long number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = `[12345678901234567890, ${JSON.stringify(value, null, indent)}]`;
        expect(parseExactJson(text)).toEqual([12345678901234567890n, exactOf(JSON.parse(JSON.stringify(value)))]);
      }),
    );
  });

  it.each([
    '[1234567890123456,]',
    '{"a":1234567890123456',
    '1234567890123456 1',
    '{a:1234567890123456}',
    '01234567890123456',
  ])('refuses %s', (text) => {
    expect(parseExactJson(text)).toBeUndefined();
  });

  it('keeps what would be a prototype as a field', () => {
    const value = parseExactJson('{"__proto__":1234567890123456789}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
  });

  it('does not run out of stack on deep nesting', () => {
    expect(parseExactJson(`${'['.repeat(100_000)}1234567890123456789`)).toBeUndefined();
  });
});
