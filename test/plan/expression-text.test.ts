import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../src/base/errors.js';
import { operandsOf } from '../../src/plan/expression.js';
import { automaticName, parseExpression, parseNamedList, parseWithSpans } from '../../src/plan/parse-expression.js';
import { printExpression } from '../../src/plan/print-expression.js';
import { anyExpression } from './expressions.js';

function errorOf(text: string): { message: string; hint: string | undefined; mark: string } {
  try {
    parseExpression(text);
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return { message: error.message, hint: error.hint, mark: error.detail ?? '' };
  }
  throw new Error(`${text} was read`);
}

describe('the text of an expression', () => {
  it('reads back to the same tree, whatever it is', () => {
    fc.assert(
      fc.property(anyExpression, (expression) => {
        const text = printExpression(expression);
        expect(parseExpression(text), text).toEqual(expression);
        expect(printExpression(parseExpression(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('never breaks the parser', () => {
    const words = fc.constantFrom(
      'price',
      '(',
      ')',
      ',',
      '+',
      '-',
      'AND',
      'NOT',
      'IN',
      'CASE',
      'WHEN',
      'END',
      "'",
      '`',
      '1',
      '1.5',
      'IS',
      'NULL',
      'COUNT',
      '*',
      ':',
      '😀',
      'BETWEEN',
      '--',
      '.',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 12 }).map((parts) => parts.join(' ')),
        ),
        (text) => {
          try {
            parseExpression(text);
          } catch (error) {
            expect(error).toBeInstanceOf(StreamctlError);
            expect((error as StreamctlError).code).toBe('bad-plan');
          }
        },
      ),
      { numRuns: 1000 },
    );
    const deep = errorOf('('.repeat(10_000));
    expect(deep.message).toContain('nested deeper than 200');
  });

  it.each([
    ['a or b and not c = 1', 'a OR b AND NOT c = 1'],
    ['(a or b) and c', '(a OR b) AND c'],
    ['a - (b - c) - d', 'a - (b - c) - d'],
    ['-a * -(-3)', '-a * -(-3)'],
    ['price!=1 and x==2', 'price <> 1 AND x = 2'],
    ["s not like 'a''%' escape '!'", "s NOT LIKE 'a''%' ESCAPE '!'"],
    ['x not between 1 and 2 + 3 and y', 'x NOT BETWEEN 1 AND 2 + 3 AND y'],
    ['a is not distinct from b', 'a IS NOT DISTINCT FROM b'],
    ['mean(price), ', undefined],
    ['mean(price)', 'AVG(price)'],
    ['count()', 'COUNT(*)'],
    ['count(distinct model)', 'COUNT(DISTINCT model)'],
    ['mod(a, 2)', 'a % 2'],
    ['cast(x as int)', 'CAST(x AS BIGINT)'],
    ['try_cast(x as varchar(10))', 'TRY_CAST(x AS STRING)'],
    ["TIMESTAMP '2024-01-31T10:00:00Z'", "TIMESTAMP '2024-01-31 10:00:00.000'"],
    ['1e3 + 2.', '1000.0 + 2.0'],
    ['`order` -- the rest is a comment', '`order`'.replaceAll('`', '')],
    ['case when a then 1 else 2 end', 'CASE WHEN a THEN 1 ELSE 2 END'],
    ['year BETWEEN 1970 AND :referenceYear + 1', 'year BETWEEN 1970 AND :referenceYear + 1'],
  ])('%s is printed as %s', (text, printed) => {
    if (printed === undefined) expect(() => parseExpression(text)).toThrow(StreamctlError);
    else expect(printExpression(parseExpression(text))).toBe(printed);
  });

  it('has errors with position and what was meant', () => {
    expect(errorOf('price > ')).toMatchObject({ message: 'the text ends where a value is expected at position 9' });
    expect(errorOf('price > 1 2')).toMatchObject({
      message: '"2" stands where an operator or the end is expected at position 11',
      mark: `price > 1 2\n${' '.repeat(10)}^`,
    });
    expect(errorOf('avgg(price)')).toMatchObject({
      message: 'there is no function "avgg" at position 1',
      hint: 'did you mean AVG?',
    });
    expect(errorOf('"a"')).toMatchObject({ hint: "texts stand in single quotes: 'a'" });
    expect(errorOf("'abc")).toMatchObject({ message: 'the text that begins here does not end at position 1' });
    expect(errorOf('99999999999999999999')).toMatchObject({
      message: 'the number needs more than 64 bits at position 1',
    });
    expect(errorOf("TIMESTAMP 'soon'").message).toContain('"soon" is not a time');
    expect(errorOf('cast(a as thing)').hint).toContain('BIGINT');
  });

  it('knows where every node stands', () => {
    const { expression, spans, text } = parseWithSpans("a + UPPER('x')  > b");
    const at = (node: typeof expression): string => text.slice(spans.get(node)!.start, spans.get(node)!.end);
    expect(at(expression)).toBe("a + UPPER('x')  > b");
    expect(at(operandsOf(expression)[0]!)).toBe("a + UPPER('x')");
    expect(at(operandsOf(operandsOf(expression)[0]!)[1]!)).toBe("UPPER('x')");
  });
});

describe('a list of aggregates', () => {
  it('names what has no name', () => {
    const { columns } = parseNamedList(
      'count(), avg(price), max(year) - min(year), stddev(price) AS spread, count(distinct model)',
    );
    expect(columns.map((column) => column.name)).toEqual([
      'count',
      'avg_price',
      'max_year_min_year',
      'spread',
      'count_distinct_model',
    ]);
    expect(automaticName(parseExpression('1 + 1'))).toBe('value');
  });

  it('refuses a name that comes twice', () => {
    expect(() => parseNamedList('count(), count(*)')).toThrow('column "count" comes twice at position 10');
  });
});
