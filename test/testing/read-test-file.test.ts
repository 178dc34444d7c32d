import { describe, expect, it } from 'vitest';
import { casePlaces, readCases } from '../support/test-cases.js';

const head = 'pipeline: shops\ncases:\n  - name: one\n    steps:\n';

async function problemsOf(text: string): Promise<readonly string[]> {
  const { problems } = await readCases(text);
  return problems.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint ? ` | ${hint}` : ''}`);
}

describe('a test file with mistakes', () => {
  it.each([
    ['', ['1:1 a test file is a map of pipeline, params, tables ...', '1:1 the file has no cases']],
    ['- 1', ['1:1 a test file is a map of pipeline, params, tables ...']],
    ['cases: []', ['1:8 the file has no cases']],
    ['cases: 5', ['1:8 cases is a list']],
    ['pipline: shops\ncases: []', ['1:1 a test file has no "pipline" | did you mean pipeline?']],
    ['cases: [{ name: a, steps: [] }]', ['1:9 no pipeline is named']],
    ['pipeline: shop\ncases: [{ name: a, steps: [] }]', ['1:11 pipeline "shop" does not exist | did you mean shops?']],
    ['pipeline: shops\ncases: [{ steps: [] }]', ['2:9 a case has a name']],
    ['pipeline: shops\ncases: [{ name: a }]', ['2:9 a case has steps']],
    ['pipeline: shops\ncases: [{ name: a, steps: [] }, { name: a, steps: [] }]', ['2:41 two cases are called "a"']],
    [
      'pipeline: shops\nparams: { x: 1 }\ncases: [{ name: a, steps: [] }]',
      ['2:9 pipeline "shops" has no parameter "x"'],
    ],
    ['pipeline: shops\norders: some\ncases: [{ name: a, steps: [] }]', ['2:9 orders is one of any, as-written']],
    ['pipeline: shops\npartitions: [0]\ncases: [{ name: a, steps: [] }]', ['2:14 a number of partitions is a whole']],
    ['pipeline: shops\ndisorder: 5\ncases: [{ name: a, steps: [] }]', ['2:11 disorder is a duration']],
    ['pipeline: shops\nnow: later\ncases: [{ name: a, steps: [] }]', ['2:6 "later" is no time']],
    ['pipeline: shops\ntables: { a: [] }\ncases: [{ name: a, steps: [] }]', ['2:11 tables has no "a"']],
    ['pipeline: named\ncases: [{ name: a, steps: [] }]', ['1:11 table "names" lives in topic names']],
    ['a: [1', ['1:6 ']],
    ['pipeline: shops\ncases: *nope', ['2:8 "*nope" stands for nothing above it']],
    ['pipeline: shops\nrows: [{ a: *nope }]\ncases: []', ['2:13 "*nope" stands for nothing above it']],
    ['pipeline: shops\nrows: &all\n  - *all\ncases: []', ['3:5 "*all" stands inside what it stands for']],
    ['pipeline: shops\nrows: [{ a: 1 }, { <<: 5 }]\ncases: []', ['2:18 Merge sources must be maps or map aliases']],
    [
      `rows:\n  - &a [x]${[...'bcdef'].map((name, at) => `\n  - &${name} [${`*${'abcde'[at]},`.repeat(50)}]`).join('')}`,
      ['1:1 with what its references stand for, the file has more than 5000000 values'],
    ],
  ])('%j', async (text, expected) => {
    const problems = await problemsOf(text);
    for (const [at, start] of expected.entries()) expect(problems[at]).toContain(start);
  });

  it('may use a row as often as it likes', async () => {
    const rows = `rows: [&a { shop: a, amount: 1 }${', *a'.repeat(150)}]`;
    expect(await problemsOf(`${head}      - feed: orders\n        ${rows}\n`)).toEqual([]);
  });

  it.each([
    ['- feeed: orders', '5:9 "feeed" is no step | did you mean feed?'],
    ['- crush', '5:9 "crush" is no step | did you mean crash?'],
    ['- feed: order\n        rows: []', '5:15 the pipeline has no source "order" | did you mean orders?'],
    ['- feed: orders', '5:9 a feed has rows or a file'],
    ['- feed: orders\n        file: no.csv', '6:15 there is no file no.csv'],
    ['- feed: orders\n        rows: 5', '6:15 rows is a list'],
    ['- feed: orders\n        rows: [5]', '6:16 a row is a map of columns, or the text of a record'],
    ['- feed: orders\n        rows: [{ $time: 1 }]', '6:18 a row has no "$time"'],
    ['- feed: orders\n        rows: []\n        partition: 5000', '7:20 partition is a whole number, from 0 to 99'],
    ['- feed: orders\n        row: []', '6:9 step "feed" has no "row" | did you mean rows?'],
    ['- advance: soon', '5:18 advance is a duration | write 500ms, 10s, 1m30s or 2h'],
    ['- expect: minute\n        rows: []', '5:17 the pipeline has no sink "minute" | did you mean minutes?'],
    ['- expect: minutes\n        rows: [{ totl: 5 }]', '6:18 the sink has no column "totl" | did you mean total?'],
    ['- expect: minutes\n        rows: [{ shop: 75 }]', '6:18 shop: 75 is not a text: quote it, "75"'],
    ['- expect: minutes\n        rows: [{ total: many }]', '6:18 total: "many" is not a number'],
    ['- expect: minutes\n        rows: [{ window_start: x }]', '6:18 window_start: "x" is not a time'],
    ['- expect: minutes\n        match: al\n        rows: []', '6:16 match is one of exact, unordered, contains'],
    [
      '- expect: minutes\n        columns: [tota]\n        rows: []',
      '6:19 the pipeline has no column "tota" | did you mean',
    ],
    ['- expect watermark: x', '5:27 "x" is no time'],
    ['- expect rejected: [{ reson: x }]', '5:29 a rejected row has no "reson" | did you mean reason?'],
    ['- crash: now', '5:16 crash takes nothing'],
    ['- table: x\n        rows: []', '5:16 the pipeline has no table "x"'],
  ])('%j', async (step, expected) => {
    expect((await problemsOf(`${head}      ${step}\n`)).join('\n')).toContain(expected);
  });

  it('tells all of them at once, in their order', async () => {
    const lines = (await problemsOf(`${head}      - fed: 1\n      - advance: x\n      - expect: y\n`)).map((text) =>
      text.slice(0, 2),
    );
    expect(lines).toEqual(['5:', '6:', '7:']);
  });
});

describe('a test file', () => {
  it('may be JSON', async () => {
    const { file, problems } = await readCases(
      '{"pipeline": "shops", "cases": [{"name": "a", "steps": [{"feed": "orders", "rows": [{"id": "x"}]}, "end"]}]}',
    );
    expect(problems).toEqual([]);
    expect(file.cases[0]?.steps.map(({ kind }) => kind)).toEqual(['feed', 'end']);
  });

  it('keeps whole numbers beyond 2^53, and writes NaN as careless writers do', async () => {
    const { file } = await readCases(
      `${head}      - feed: orders\n        rows: [{ id: 9007199254740993, amount: .nan }, '{"id": NaN}']\n`,
    );
    const [feed] = file.cases[0]!.steps;
    expect(feed).toMatchObject({
      records: [{ text: '{"id":9007199254740993,"amount":NaN}' }, { text: '{"id": NaN}', values: null }],
    });
  });

  it('takes rows from anchors, and settings of a case before those of the file', async () => {
    const { file, problems } = await readCases(
      'pipeline: shops\ndisorder: 5s\nrows: [&a { id: x, amount: 1 }]\ncases:\n' +
        '  - { name: a, disorder: 7s, orders: as-written, partitions: [2], steps: [{ feed: orders, rows: [{ <<: *a, amount: 2 }] }] }\n' +
        '  - { name: b, steps: [{ feed: orders, rows: [*a] }] }\n',
    );
    expect(problems).toEqual([]);
    expect(file.cases).toMatchObject([
      { disorderMs: 7000, anyOrder: false, partitions: [2] },
      { disorderMs: 5000, anyOrder: true, partitions: [1, 2, 3] },
    ]);
    expect(file.cases[0]!.steps[0]).toMatchObject({ records: [{ text: '{"id":"x","amount":2}' }] });
  });

  it('feeds csv with the types of the source, and lines of ndjson as they stand', async () => {
    const source = (await casePlaces().loadPlan('shops')).sources[0]!;
    const places = casePlaces({ 'a.csv': 'id,shop,amount\n1,b,2.50\n', 'a.ndjson': '{"id":1}\n\nnot json\n' });
    expect(await places.readRecords(source, 'a.csv')).toEqual(['{"id":"1","shop":"b","amount":2.50}']);
    expect(await places.readRecords(source, 'a.ndjson')).toEqual(['{"id":1}', 'not json']);
  });
});
