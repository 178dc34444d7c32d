import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../src/base/errors.js';
import { checkPlan, describeProblem } from '../../src/plan/check-plan.js';
import { durationMs, durationWords } from '../../src/plan/duration-words.js';
import { explainPlan } from '../../src/plan/explain-plan.js';
import {
  add,
  and,
  avg,
  caseWhen,
  cast,
  concat,
  count,
  divide,
  equal,
  greater,
  isNull,
  kafka,
  max,
  min,
  oneOf,
  parameter,
  parseExpression,
  pipeline,
  printExpression,
  round,
  sum,
  type Typed,
  trim,
  upper,
} from '../../src/plan/index.js';
import { neededColumns } from '../../src/plan/needed-columns.js';
import { resolveParameters } from '../../src/plan/parameters.js';
import type { Plan } from '../../src/plan/plan.js';

const cars = kafka('cars', {
  topic: 'cars',
  partitions: 3,
  columns: { ts: 'timestamp', model: 'string', year: 'bigint', price: 'double', sold: 'boolean', extra: 'json' },
  eventTime: 'ts',
  lateness: '5 seconds',
});
const out = kafka('out', { topic: 'out', keys: ['model'] });

function errorOf(action: () => unknown): StreamctlError {
  try {
    action();
  } catch (error) {
    if (error instanceof StreamctlError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const good = (): Plan =>
  pipeline('mean')
    .from(cars)
    .where((row) => and(greater(row.price, 0), oneOf(row.model, 'A1', 'A3')))
    .derive((row) => ({ name: upper(trim(row.model)), price: divide(row.price, 2) }))
    .tumble('1 minute')
    .groupBy('model')
    .aggregate((row) => ({ count: count(), mean_price: round(avg(row.price), 2), newest: max(row.year) }))
    .into(out);

describe('the builder', () => {
  it('makes frozen data without functions', () => {
    const plan = good();
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    const walk = (part: unknown): void => {
      expect(typeof part).not.toBe('function');
      if (typeof part !== 'object' || part === null) return;
      expect(Object.isFrozen(part)).toBe(true);
      for (const inner of Object.values(part)) walk(inner);
    };
    walk(plan);
    expect(plan.nodes.map((node) => `${node.name} < ${node.input}`)).toEqual([
      'where < cars',
      'derive < where',
      'by-model < derive',
    ]);
    expect(plan.sinks[0]!.columns).toEqual([
      { name: 'window_start', type: 'timestamp' },
      { name: 'window_end', type: 'timestamp' },
      { name: 'model', type: 'string' },
      { name: 'count', type: 'bigint' },
      { name: 'mean_price', type: 'double' },
      { name: 'newest', type: 'bigint' },
    ]);
    expect(plan.topics.map((topic) => `${topic.name} ${topic.partitions}`)).toEqual([
      'cars 3',
      'out 1',
      'mean-dead-letters 1',
    ]);
  });

  it('makes what the text form makes', () => {
    const row = {
      price: parseExpression('price') as Typed<'double'>,
      year: parseExpression('year') as Typed<'bigint'>,
      model: parseExpression('model') as Typed<'string'>,
    };
    const pairs: [Typed, string][] = [
      [
        and(greater(row.price, 0.5), isNull(row.model), equal(row.year, 2020)),
        'price > 0.5 AND model IS NULL AND year = 2020',
      ],
      [caseWhen([[greater(row.price, 1), 'high']], 'low'), "CASE WHEN price > 1 THEN 'high' ELSE 'low' END"],
      [cast(row.year, 'string'), 'CAST(year AS STRING)'],
      [add(parameter('limit', 'bigint'), -1), ':limit + -1'],
      [concat(row.model, '!'), "CONCAT(model, '!')"],
      [divide(sum(row.price), count()), 'SUM(price) / COUNT(*)'],
    ];
    for (const [built, text] of pairs) {
      expect(printExpression(built)).toBe(text);
      expect(parseExpression(text)).toEqual(built);
    }
  });

  it('is checked by the compiler', () => {
    const stream = pipeline('types').from(cars);
    const minutes = stream.tumble('1 minute');
    const end = kafka('end', { topic: 'end' });
    // Every step below is a mistake: the compiler says so, and for plain JavaScript the checker does.
    // @ts-expect-error there is no column pric
    const column = () => stream.where((row) => greater(row.pric, 0));
    expect(() => column().into(end)).toThrow('there is no column "pric"');
    // @ts-expect-error a text is not compared with a number
    const compared = () => stream.where((row) => greater(row.model, 0));
    expect(() => compared().into(end)).toThrow('> does not fit STRING, BIGINT');
    // @ts-expect-error a condition is no number
    const condition = () => stream.where((row) => add(row.year, 1));
    expect(() => condition().into(end)).toThrow('a condition must be true or false');
    // @ts-expect-error there is no key modl
    const key = () => minutes.groupBy('modl').aggregate(() => ({ n: count() }));
    expect(() => key().into(end)).toThrow('there is no column "modl"');
    // @ts-expect-error a mean of texts
    const mean = () => minutes.aggregate((row) => ({ n: avg(row.model) }));
    expect(() => mean().into(end)).toThrow('AVG does not fit STRING');
    // @ts-expect-error json has no order
    const order = () => minutes.aggregate((row) => ({ n: min(row.extra) }));
    expect(() => order().into(end)).toThrow('MIN does not fit JSON');
    const counts = minutes.aggregate(() => ({ n: count() }));
    // @ts-expect-error the rows have no column model any more
    expect(() => counts.into(out)).toThrow('there is no column "model"');
    // @ts-expect-error the event time is a column
    expect(kafka('s', { topic: 't', columns: { a: 'bigint' }, eventTime: 'b' })).toBeDefined();
    // Types go on: derived columns, keys and results are known.
    const rows = stream.derive((row) => ({ twice: add(row.year, row.year), half: divide(row.price, 2) }));
    const twice = (row: { twice: Typed<'bigint'>; half: Typed<'double'>; model: Typed<'string'> }): Typed<'boolean'> =>
      equal(row.twice, row.half);
    expect(rows.where(twice).into(kafka('o', { topic: 'o' })).sinks).toHaveLength(1);
  });

  it('refuses emit where there is no aggregate before', () => {
    expect(errorOf(() => pipeline('p').from(cars).emit('update'))).toMatchObject({ code: 'bad-plan' });
  });
});

describe('the checker', () => {
  it('finds nothing in a good plan', () => {
    expect(checkPlan(good())).toEqual([]);
  });

  it('finds everything at once, with positions', () => {
    const plan = good();
    const broken = {
      ...plan,
      sources: [{ ...plan.sources[0]!, latenessMs: -1, eventTime: { kind: 'column', name: 'model' } as const }],
      nodes: [
        {
          kind: 'filter',
          name: 'where',
          input: 'cars',
          condition: parseExpression("pirce > 0 AND UPPER(year) = 'X'"),
        } as const,
        { kind: 'derive', name: 'where', input: 'wher', columns: [] } as const,
        {
          ...plan.nodes[2]!,
          input: 'where',
          keys: ['extra', 'nothing'],
          window: { kind: 'hop', sizeMs: 1000, hopMs: 2000, offsetMs: 0 },
          columns: [
            { name: 'n', expression: parseExpression('price + SUM(price)') },
            { name: 'm', expression: parseExpression('1 + 1') },
          ],
        } as Plan['nodes'][number],
      ],
      sinks: [{ ...plan.sinks[0]!, keys: ['modle'] }],
      topics: [{ name: 'a b', partitions: 0, replicas: 1, config: {} }],
      dashboard: {
        title: '',
        panels: [{ kind: 'bars', title: 'b', sink: 'ou', label: 'x', value: 'y', unit: '' } as const],
      },
    } satisfies Plan;
    const problems = checkPlan(broken);
    expect(problems.map((problem) => `${problem.place}: ${problem.message}`)).toEqual([
      'source or step "where": the name "where" is used twice',
      'source "cars": lateness must be 0 or more',
      'source "cars": event time "model" is string',
      'step "where", condition: there is no column "pirce"',
      'step "where", condition: UPPER does not fit BIGINT',
      'step "where": its input "wher" does not exist',
      'step "by-model", column "n": column "price" is neither a key nor inside an aggregate',
      'step "by-model": there is no column "nothing" (key)',
      'step "by-model": key "extra" is JSON',
      'step "by-model": column "m" holds no aggregate',
      'step "by-model": the hop is longer than the window, so rows would be lost',
      'sink "out": there is no column "modle" (record key)',
      'sink "out": there is no column "model" (column)',
      'sink "out": there is no column "count" (column)',
      'sink "out": there is no column "mean_price" (column)',
      'sink "out": there is no column "newest" (column)',
      'topic "a b": it is no topic name',
      'topic "a b": it needs one partition or more',
      'panel "b": there is no sink "ou"',
    ]);
    expect(problems.find((problem) => problem.message.includes('pirce'))).toMatchObject({
      hint: 'did you mean price?',
      position: 0,
    });
    const upperCase = problems.find((problem) => problem.message.includes('UPPER'))!;
    expect(describeProblem(upperCase)).toBe(
      `step "where", condition: UPPER does not fit BIGINT (write UPPER(text))\npirce > 0 AND UPPER(year) = 'X'\n${' '.repeat(14)}^`,
    );
  });

  it('says one mistake in the message and several in the detail', () => {
    const single = errorOf(() =>
      pipeline('p')
        .from(cars)
        .where(() => parseExpression('pric > 0') as Typed<'boolean'>)
        .into(out),
    );
    expect(single).toMatchObject({
      message: 'step "where", condition: there is no column "pric"',
      hint: 'did you mean price?',
      detail: 'pric > 0\n^',
    });
    const several = errorOf(() =>
      pipeline('p')
        .from(cars)
        .where(() => parseExpression('a > b') as Typed<'boolean'>)
        .into(out),
    );
    expect(several.message).toBe('pipeline "p" has 2 mistakes');
  });
});

describe('what is read of a plan', () => {
  it('explains it in words', () => {
    const text = explainPlan(good());
    expect(text).toContain('source cars: topic cars (3 partitions)');
    expect(text).toContain('keep rows where price > 0 AND model IN (');
    expect(text).toContain('aggregate by model, in tumbling windows of 1 minute');
    expect(text).toContain('mean_price = ROUND(AVG(price), 2)');
    expect(text).toContain('result: when the window closes');
  });

  it('tells the columns that a decoder has to give', () => {
    expect(neededColumns(good(), 'cars').map((column) => column.name)).toEqual(['ts', 'model', 'year', 'price']);
  });

  it('reads parameters from text', () => {
    const parameters = [
      { name: 'year', type: 'bigint', description: 'a year', default: null, defaultFrom: 'year' },
      { name: 'limit', type: 'double', description: 'a limit', default: 1.5, defaultFrom: null },
      { name: 'city', type: 'string', description: 'a city', default: null, defaultFrom: null },
    ] as const;
    const plan = { name: 'p', parameters };
    const now = Date.UTC(2024, 5, 1);
    expect(resolveParameters(plan, { city: 'Paris' }, now)).toEqual({ year: 2024, limit: 1.5, city: 'Paris' });
    expect(resolveParameters(plan, { city: '', year: '9007199254740993', limit: '2' }, now)).toEqual({
      year: 9007199254740993n,
      limit: 2,
      city: '',
    });
    expect(errorOf(() => resolveParameters(plan, {}, now)).message).toBe('pipeline "p" needs parameter "city"');
    expect(errorOf(() => resolveParameters(plan, { citi: 'x' }, now)).hint).toBe('did you mean city?');
    expect(errorOf(() => resolveParameters(plan, { city: 'x', limit: 'much' }, now)).message).toBe(
      'parameter "limit" cannot be "much"',
    );
  });

  it('reads durations in words', () => {
    expect([
      durationMs('1 minute'),
      durationMs('90 seconds'),
      durationMs('2 hours 30 minutes'),
      durationMs('1m30s'),
      durationMs('0'),
    ]).toEqual([60_000, 90_000, 9_000_000, 90_000, 0]);
    expect([durationWords(60_000), durationWords(90_000), durationWords(500), durationWords(7_200_000)]).toEqual([
      '1 minute',
      '1m30s',
      '500 milliseconds',
      '2 hours',
    ]);
    expect(errorOf(() => durationMs('soon')).code).toBe('usage');
  });
});
