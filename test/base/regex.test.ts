import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../src/base/regex.js';

/** Patterns over a and b, so that random texts hit them often. */
const { pattern: patterns } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '[a-c]', '\\w', '\\d', '^', '$'),
    tie('pattern').map((inside) => `(${inside})`),
    tie('pattern').map((inside) => `(?:${inside})`),
  ),
  pattern: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{0,}')), { maxLength: 4 })
    .chain((parts) => {
      const sequence = parts.map(([atom, count]) => atom + (atom === '^' || atom === '$' ? '' : count)).join('');
      return fc.oneof(
        fc.constant(sequence),
        tie('atom').map((other) => `${sequence}|${other}`),
      );
    }),
}));

describe('compileRegex', () => {
  it('agrees with the engine of JavaScript', () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 8 }), (pattern, text) => {
        const ours = compileRegex(pattern);
        expect(ours.found(text)).toBe(new RegExp(pattern, 'u').test(text));
        expect(ours.matches(text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
      }),
      { numRuns: 500 },
    );
  });

  it('stays fast where others explode', () => {
    const began = performance.now();
    expect(compileRegex('(a*)*b').matches('a'.repeat(2_000))).toBe(false);
    expect(compileRegex('^(a|a?)+$').found(`${'a'.repeat(2_000)}!`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('refuses what it cannot do, and what is too large', () => {
    for (const pattern of ['(', ')', '[a', '*', 'a{3,2}', 'a{9999}', '(?=a)', '\\1', '\\', '[b-a]']) {
      expect(() => compileRegex(pattern), pattern).toThrow('is not a pattern');
    }
    expect(() => compileRegex('(a{1000}){1000}')).toThrow('larger than');
  });

  it('takes characters outside the basic plane, and escaped ones, for one', () => {
    expect(compileRegex('.').matches('😀')).toBe(true);
    expect(compileRegex('a\\.b\\t[\\]\\-x]').matches('a.b\t]')).toBe(true);
    expect(compileRegex('a\\.b').matches('axb')).toBe(false);
    expect(compileRegex('a{,2}').matches('a{,2}')).toBe(true);
  });
});
