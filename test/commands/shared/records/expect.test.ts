import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.js';
import { batchOf } from '../../../../src/base/row-batch.js';
import { ExpectedRecords, judgeExpectations } from '../../../../src/commands/shared/records/expect.js';
import { compileRowsExpression } from '../../../../src/commands/shared/records/rows-expression.js';

const golden = '{"type":"window","n":1,"mean":0.3}\n\n{"type":"window","n":2,"mean":1}\n';

function compare(
  records: readonly object[],
  options: { match?: 'exact' | 'subset'; unordered?: boolean } = {},
): string[] {
  const expected = new ExpectedRecords(
    { path: 'golden.ndjson', match: options.match ?? 'exact', unordered: options.unordered ?? false },
    utf8(golden),
  );
  for (const record of records) expected.add(record);
  return expected.differences();
}

const first = { type: 'window', n: 1, mean: 0.1 + 0.2 };
const second = { type: 'window', n: 2, mean: 1 };

describe('--expect-file', () => {
  it('takes doubles that are equal within 1e-9, integers only exactly', () => {
    expect(compare([first, second])).toEqual([]);
    expect(compare([first, { ...second, n: 3 }])).toEqual(['record 2: n is 3, expected 2']);
  });

  it('names what is missing, too much or different', () => {
    expect(compare([first])).toEqual(['record 2: missing {"type":"window","n":2,"mean":1}']);
    expect(compare([first, second, { a: 1 }])).toEqual(['record 3: not expected {"a":1}']);
    expect(compare([first, { ...second, extra: true }])).toEqual(['record 2: extra is true, expected nothing']);
  });

  it('takes more fields as a subset, and any order when asked', () => {
    expect(compare([first, { ...second, extra: true }], { match: 'subset' })).toEqual([]);
    expect(compare([second, first])).toHaveLength(2);
    expect(compare([second, first], { unordered: true })).toEqual([]);
    expect(compare([second, second], { unordered: true })).toHaveLength(2);
  });

  it('keeps integers beyond 2^53 apart', () => {
    const expected = new ExpectedRecords(
      { path: 'g', match: 'exact', unordered: false },
      utf8('{"n":9007199254740993}'),
    );
    expected.add({ n: 9007199254740992n });
    expect(expected.differences()).toEqual(['record 1: n is 9007199254740992, expected 9007199254740993']);
  });

  it('names the line that is not JSON', () => {
    expect(() => new ExpectedRecords({ path: 'g', match: 'exact', unordered: false }, utf8('{}\n{'))).toThrow(
      expect.objectContaining({ code: 'bad-data', message: 'g:2 is not JSON' }),
    );
  });
});

describe('the judgement at the end', () => {
  it('fails with exit 4 and what was found', () => {
    const holds = compileRowsExpression('count(*) = 1');
    const fails = compileRowsExpression('avg(price) > 10');
    for (const expression of [holds, fails])
      expression.add(batchOf([{ name: 'price', type: 'double' }], [{ price: 3 }]));
    expect(() => judgeExpectations([holds, fails], undefined, undefined)).toThrow(
      expect.objectContaining({
        code: 'assertion-failed',
        exit: 4,
        message: 'expected avg(price) > 10',
        detail: 'AVG(price) is 3',
      }),
    );
    expect(() => judgeExpectations([holds], undefined, undefined)).not.toThrow();
  });
});
