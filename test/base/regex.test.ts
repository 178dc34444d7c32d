import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../src/base/regex.js';

/** A pattern, and where matches of it that begin at a place can end, by the meaning of its parts. */
interface Sample {
  readonly text: string;
  readonly ends: (given: string, from: number) => ReadonlySet<number>;
}

/** Whether V8 answers soon: a loop inside a loop takes it hours. */
const quickForV8 = (pattern: string): boolean => !/\)[*+?{]/.test(pattern);

const one = (text: string, holds: (character: string) => boolean): Sample => ({
  text,
  ends: (given, from) => new Set(from < given.length && holds(given[from]!) ? [from + 1] : []),
});
const at = (text: string, place: (given: string) => number): Sample => ({
  text,
  ends: (given, from) => new Set(from === place(given) ? [from] : []),
});
const ATOMS: readonly Sample[] = [
  one('a', (c) => c === 'a'),
  one('b', (c) => c === 'b'),
  one('.', () => true),
  one('[ab]', (c) => 'ab'.includes(c)),
  one('[^a]', (c) => c !== 'a'),
  one('[a-c]', (c) => 'abc'.includes(c)),
  one('\\w', () => true),
  one('\\d', (c) => c === '1'),
  at('^', () => 0),
  at('$', (given) => given.length),
];

const then = (first: Sample, second: Sample): Sample => ({
  text: first.text + second.text,
  ends: (given, from) => new Set([...first.ends(given, from)].flatMap((place) => [...second.ends(given, place)])),
});
const either = (first: Sample, second: Sample): Sample => ({
  text: `${first.text}|${second.text}`,
  ends: (given, from) => new Set([...first.ends(given, from), ...second.ends(given, from)]),
});
const NOTHING: Sample = { text: '', ends: (_, from) => new Set([from]) };

/** Loops in loops ask for the same place again and again. */
function remembered(ends: Sample['ends']): Sample['ends'] {
  let known: readonly [string, Map<number, ReadonlySet<number>>] = ['', new Map()];
  return (given, from) => {
    if (known[0] !== given) known = [given, new Map()];
    const found = known[1].get(from) ?? ends(given, from);
    known[1].set(from, found);
    return found;
  };
}

/** `sample` so many times. More times than there are places to begin at find nothing new. */
function times(sample: Sample, text: string, least: number, most: number): Sample {
  const inside = remembered(sample.ends);
  return {
    text: sample.text + text,
    ends: (given, from) => {
      const ends = new Set<number>();
      let places: ReadonlySet<number> = new Set([from]);
      for (let count = 0; count <= Math.min(most, least + given.length); count++) {
        if (count >= least) for (const place of places) ends.add(place);
        places = new Set([...places].flatMap((place) => [...inside(given, place)]));
      }
      return ends;
    },
  };
}
const COUNTS: readonly (readonly [string, number, number])[] = [
  ['', 1, 1],
  ['', 1, 1],
  ['*', 0, Number.POSITIVE_INFINITY],
  ['+', 1, Number.POSITIVE_INFINITY],
  ['?', 0, 1],
  ['{2}', 2, 2],
  ['{1,2}', 1, 2],
  ['{0,}', 0, Number.POSITIVE_INFINITY],
];

/** Patterns over a and b, so that random texts hit them often. */
const { pattern: patterns } = fc.letrec<{ pattern: Sample; atom: Sample }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...ATOMS),
    tie('pattern').map((inside) => ({ ...inside, text: `(${inside.text})` })),
    tie('pattern').map((inside) => ({ ...inside, text: `(?:${inside.text})` })),
  ),
  pattern: fc.array(fc.tuple(tie('atom'), fc.constantFrom(...COUNTS)), { maxLength: 4 }).chain((parts) => {
    const sequence = parts
      .map(([atom, count]) => (atom.text === '^' || atom.text === '$' ? atom : times(atom, ...count)))
      .reduce(then, NOTHING);
    return fc.oneof(
      fc.constant(sequence),
      tie('atom').map((other) => either(sequence, other)),
    );
  }),
}));
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), maxLength: 8 });

describe('compileRegex', () => {
  it('finds what the parts of the pattern mean, and what the engine of JavaScript finds', () => {
    fc.assert(
      fc.property(patterns, texts, ({ text: pattern, ends }, text) => {
        const ours = compileRegex(pattern);
        const found = Array.from({ length: text.length + 1 }, (_, from) => ends(text, from)).some(
          ({ size }) => size > 0,
        );
        expect(ours.found(text)).toBe(found);
        expect(ours.matches(text)).toBe(ends(text, 0).has(text.length));
        if (!quickForV8(pattern)) return;
        expect(new RegExp(pattern, 'u').test(text)).toBe(found);
        expect(new RegExp(`^(?:${pattern})$`, 'u').test(text)).toBe(ours.matches(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays fast where others explode', () => {
    const began = performance.now();
    expect(compileRegex('(a*)*b').matches('a'.repeat(2_000))).toBe(false);
    expect(compileRegex('^(a|a?)+$').found(`${'a'.repeat(2_000)}!`)).toBe(false);
    expect(compileRegex('((?:(?:[a-c]?(|[^a]){2}\\w*)+)+^)').found('ab1bcb1a')).toBe(true);
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
