import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex } from '../../src/base/regex.js';

/** A backtracking engine tries every way to share the text among them: of twelve counts some million, of thirty some billion. */
const MOST_COUNTS = 12;

const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\d', '1', 'é');
const count = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '*?', '+?', '??', '{0,2}?');
const pattern: fc.Arbitrary<string> = fc
  .letrec<{ tree: string }>((tie) => {
    const part = fc.oneof(
      { maxDepth: 3 },
      // A group that may be empty is not repeated: engines differ in what it remembers.
      fc.tuple(atom, count).map(([text, times]) => text + times),
      tie('tree').map((text) => `(${text})`),
      tie('tree').map((text) => `(?:${text})`),
    );
    const sequence = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
    return {
      tree: fc.oneof(
        { maxDepth: 3 },
        sequence,
        fc.tuple(sequence, sequence).map(([left, right]) => `${left}|${right}`),
      ),
    };
  })
  .tree.filter((source) => (source.match(/[*+?}]/g) ?? []).length <= MOST_COUNTS);
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', 'é', '\n'), maxLength: 12 });

describe('the first match and its groups', () => {
  it('are those of a backtracking engine', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const wanted = new RegExp(source, 'du').exec(given)?.indices;
        const found = compileRegex(source).search([...given], 0);
        expect(found).toEqual(wanted && [...wanted].flatMap((pair) => pair ?? [-1, -1]));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time linear in the text', () => {
    const regex = compileRegex('(a*)*(b|a)*c');
    expect(regex.search([...'a'.repeat(2000)], 0)).toBeUndefined();
  });
});
