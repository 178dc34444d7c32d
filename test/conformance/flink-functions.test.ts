import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flinkExpression } from '../../src/flink/flink-expression.js';
import { functionExamples } from '../../src/plan/functions/examples.js';
import { parseExpression } from '../../src/plan/parse-expression.js';
import { evaluate, evaluatedText } from '../support/evaluate.js';
import { FlinkSession, hasFlink } from '../support/flink.js';

const AT = "TIMESTAMP '2024-03-31 01:30:00.250'";
const OLD = "TIMESTAMP '1969-12-31 23:59:59.999'";
const JSON_TEXT = `'{"a":{"b":[1,{"c":"x"}],"n":null,"t":true},"big":9007199254740993,"d k":1.50}'`;

/** Values at the edges, beside the examples of the reference. */
const CASES: readonly string[] = [
  ...['YEAR', 'WEEK', 'DAYOFYEAR', 'DAYOFWEEK', 'HOUR', 'MILLISECOND'].flatMap((field) => [
    `${field}(${OLD})`,
    `${field}(${AT}, 'Europe/Paris')`,
    `${field}(TIMESTAMP '2021-01-03 12:00:00')`,
  ]),
  ...['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR'].flatMap((unit) => [
    `FLOOR(${OLD} TO ${unit})`,
    `CEIL(TIMESTAMP '2024-09-01 00:00:00' TO ${unit})`,
    `TIMESTAMPADD(${unit}, 1, TIMESTAMP '2024-01-31 10:00:00')`,
    `TIMESTAMPDIFF(${unit}, TIMESTAMP '2024-03-31 10:00:00', TIMESTAMP '2023-02-28 11:00:00')`,
  ]),
  `DATE_FORMAT(${AT}, 'yyyy-MM-dd HH:mm:ss.SSS', 'Europe/Paris')`,
  `DATE_FORMAT(${OLD}, 'EEE d MMM yy h:mm a')`,
  "TO_TIMESTAMP('2024-02-30 10:00:00', 'yyyy-MM-dd HH:mm:ss')",
  "TO_TIMESTAMP('2024-02-29 10:00:00')",
  "TO_TIMESTAMP('no time', 'yyyy-MM-dd')",
  'TO_TIMESTAMP_LTZ(-1, 3)',
  "CONVERT_TZ('2024-03-31 02:30:00', 'Europe/Paris', 'UTC')",
  "CONVERT_TZ('2024-10-27 02:30:00', 'Europe/Paris', 'UTC')",
  "CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')",
  "UNIX_TIMESTAMP('2024-02-29', 'yyyy-MM-dd')",
  'FROM_UNIXTIME(0)',
  "SPLIT_INDEX('a,b', ',', 5)",
  "SPLIT_INDEX('a,b', ',', -1)",
  "LPAD('abc', 2, 'x')",
  // A constant that gives NULL is a mistake for Flink, whatever the function.
  "LPAD(NULLIF('abc', ''), -1, 'x')",
  "RPAD(NULLIF('a', ''), 3, '')",
  "LEFT('abc', -1)",
  "LEFT('abc', 9)",
  "RIGHT('abc', 0)",
  "REPEAT('ab', 0)",
  "INITCAP('o''neill x1y-z')",
  "REGEXP_EXTRACT('abc', 'x(.)', 1)",
  "REGEXP_EXTRACT('abc', 'b|a')",
  "REGEXP_EXTRACT('aXbX', '(.*?)X', 1)",
  "REGEXP_REPLACE('abc', 'x*', '-')",
  "REGEXP_REPLACE('a.b', '\\.', '$0\\')",
  `JSON_VALUE(${JSON_TEXT}, '$.a.t')`,
  `JSON_VALUE(${JSON_TEXT}, '$.a.n')`,
  `JSON_VALUE(${JSON_TEXT}, '$.a.b')`,
  `JSON_VALUE(${JSON_TEXT}, '$.a.b[0]')`,
  `JSON_VALUE(${JSON_TEXT}, '$.a.b[1].c')`,
  `JSON_VALUE(${JSON_TEXT}, '$.big')`,
  `JSON_VALUE(${JSON_TEXT}, '$[''d k'']')`,
  `JSON_VALUE(${JSON_TEXT}, '$.nothing')`,
  `JSON_VALUE(${JSON_TEXT}, '$.a.b[*]')`,
  "JSON_VALUE('no json', '$.a')",
  `JSON_QUERY(${JSON_TEXT}, '$.a.b')`,
  `JSON_QUERY(${JSON_TEXT}, '$.a.b[0]')`,
  `JSON_QUERY(${JSON_TEXT}, '$.a.n')`,
  `JSON_EXISTS(${JSON_TEXT}, '$.a.n')`,
  `JSON_EXISTS(${JSON_TEXT}, '$.a.b[7]')`,
  "SHA2('é', 512)",
  "MD5('')",
  'GEO_DISTANCE(90, 0, -90, 0)',
  'GEO_DISTANCE(10, 20, 10, 20)',
  "CAST(NULL AS STRING) || JSON_VALUE(CAST(NULL AS STRING), '$.a')",
];

/** What Flink answers otherwise on purpose, by expression, with the reason. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  // Flink cuts the fraction of a time before 1970 towards 1970, which moves it on.
  ...['YEAR', 'DAYOFYEAR', 'DAYOFWEEK', 'HOUR', 'MILLISECOND'].map(
    (field) => [`${field}(${OLD})`, 'before 1970'] as const,
  ),
  ...['YEAR', 'QUARTER', 'MONTH'].map((unit) => [`FLOOR(${OLD} TO ${unit})`, 'before 1970'] as const),
  ["TO_TIMESTAMP('2024-02-30 10:00:00', 'yyyy-MM-dd HH:mm:ss')", 'a day that does not exist is the last of its month'],
  ["CONVERT_TZ('2024-10-27 02:30:00', 'Europe/Paris', 'UTC')", 'an hour that comes twice is the second one'],
]);

/** Values in one query. */
const AT_ONCE = 20;

const DOUBLE = /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/i;

function same(ours: string, theirs: string): boolean {
  if (ours.toLowerCase() === theirs.toLowerCase()) return true;
  if (!DOUBLE.test(ours) || !DOUBLE.test(theirs)) return false;
  return Math.abs(Number(ours) - Number(theirs)) <= 1e-9 * Math.max(1, Math.abs(Number(ours)));
}

function flinkText(text: string): string | undefined {
  const scope = { columns: [], aggregated: null, parameters: [], values: {}, note: () => undefined };
  try {
    return flinkExpression(parseExpression(text), scope);
  } catch {
    return undefined;
  }
}

describe.skipIf(!hasFlink)('functions on Flink', () => {
  let flink: Awaited<ReturnType<typeof FlinkSession.start>>;
  const answers = new Map<string, string>();
  const texts = [...Object.values(functionExamples), ...CASES].filter((text) => flinkText(text) !== undefined);

  /** Asks for several values at once; one by one when Flink takes offence at one of them. */
  async function ask(some: readonly string[]): Promise<void> {
    const columns = some.map((text, at) => `CAST(${flinkText(text)!} AS STRING) AS c${at}`);
    try {
      const { rows } = await flink.session.sql(`SELECT ${columns.join(', ')}`);
      for (const [at, text] of some.entries()) answers.set(text, rows[0]![at] === null ? 'NULL' : String(rows[0]![at]));
    } catch (error) {
      if (some.length === 1) answers.set(some[0]!, String(error));
      else for (const text of some) await ask([text]);
    }
  }

  beforeAll(async () => {
    flink = await FlinkSession.start();
    await flink.session.sql("SET 'execution.runtime-mode' = 'batch'");
    await flink.session.sql("SET 'table.local-time-zone' = 'UTC'");
    for (let from = 0; from < texts.length; from += AT_ONCE) await ask(texts.slice(from, from + AT_ONCE));
  }, 300_000);
  afterAll(() => flink?.stop(), 60_000);

  it('refuses by name what Flink does not have', () => {
    const all = [...Object.values(functionExamples), ...CASES];
    expect(all.filter((text) => flinkText(text) === undefined)).toEqual([]);
    expect(flinkText(`FLOOR(${AT} TO DAY, 'Europe/Paris')`)).toBeUndefined();
  });

  it.each(texts)('%s', (text) => {
    const theirs = answers.get(text)!;
    const ours = evaluatedText(evaluate(text));
    if (DIFFERENT.has(text)) expect(same(ours, theirs)).toBe(false);
    else expect(same(ours, theirs) ? ours : theirs).toBe(ours);
  });
});
