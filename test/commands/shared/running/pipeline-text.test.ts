import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamctlError } from '../../../../src/base/errors.js';
import { jsonText, readPipelineText, yamlText } from '../../../../src/commands/shared/running/pipeline-text.js';
import { allPipelines } from '../../../../src/commands/shared/settings/names.js';
import { writePlan } from '../../../../src/plan/document/write-plan.js';
import { kafka, pipeline, table } from '../../../../src/plan/index.js';
import { anyPlan } from '../../../plan/plans.js';

const pipelines = await allPipelines();

function mistakes(text: string): string[] {
  try {
    readPipelineText(text, 'mine.yaml');
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    expect(error.code).toBe('bad-plan');
    return error.detail === undefined ? [`${error.message} (${error.hint})`] : error.detail.split('\n');
  }
  return [];
}

const GOOD = `pipeline: mine
sources:
  readings:
    columns: { sensor: string, value: double }
steps:
  positive:
    where: value > 0
  totals:
    aggregate:
      window: { tumble: 1 minute }
      by: [sensor]
      columns:
        total: SUM(value)
sinks:
  out:
    topic: totals
    keys: [sensor]
`;

describe('a plan as a document', () => {
  for (const plan of pipelines) {
    it(`${plan.name} reads back to an equal frozen plan`, async () => {
      const read = readPipelineText(await yamlText(writePlan(plan)), 'x.yaml');
      expect(read).toStrictEqual(plan);
      expect(Object.isFrozen(read.nodes[0])).toBe(true);
      expect(readPipelineText(jsonText(writePlan(plan)), 'x.json')).toStrictEqual(plan);
    });
  }

  it('any plan reads back to an equal plan', async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, async (plan) => {
        expect(readPipelineText(await yamlText(writePlan(plan)), 'x.yaml')).toStrictEqual(plan);
        expect(readPipelineText(jsonText(writePlan(plan)), 'x.json')).toStrictEqual(plan);
      }),
      { numRuns: 150 },
    );
  });

  it('joins, unions and what makes rows of arrays and columns read back too', async () => {
    const orders = kafka('orders', {
      topic: 'orders',
      columns: { id: 'string', at: 'timestamp', lines: 'json', net: 'double', tax: 'double' },
      headers: { lot: 'streamctl-lot' },
      eventTime: 'at',
    });
    const more = kafka('more', { topic: 'more', columns: { id: 'string', at: 'timestamp' }, eventTime: 'at' });
    const rates = table('rates', { topic: 'rates', columns: { id: 'string', rate: 'double' } });
    const out = kafka('out', { topic: 'out' });
    const base = pipeline('all').from(orders);
    const other = pipeline('all').from(more);
    const plans = [
      base
        .join(other, { on: ['id'], within: ['-1 minute', '5 minutes'], join: 'full', take: { when: 'at' } })
        .into(out),
      base.join(other, { on: { id: 'id' }, asOf: 'row', take: { when: 'at' } }).into(out),
      base
        .joinWindows(other, { hop: ['1 hour', '5 minutes'], offset: '1 minute' }, { on: ['id'], take: { when: 'at' } })
        .into(out),
      base
        .select((row) => ({ id: row.id, at: row.at }))
        .union(other)
        .lookup(rates, { on: ['id'], join: 'left' })
        .into(out),
      base
        .flatten(
          'lines',
          { sku: { from: 'sku', type: 'string' }, whole: { from: null, type: 'json' } },
          { position: 'at place', outer: true },
        )
        .into(out),
      base.unpivot({ NET: 'net', TAX: 'tax' }, { label: 'kind', value: 'amount' }).into(out),
    ];
    for (const plan of plans) {
      expect(readPipelineText(await yamlText(writePlan(plan)), 'x.yaml')).toStrictEqual(plan);
      expect(readPipelineText(jsonText(writePlan(plan)), 'x.json')).toStrictEqual(plan);
    }
  });

  it('takes what goes without saying', () => {
    const plan = readPipelineText(GOOD, 'mine.yaml');
    expect(plan.sources[0]).toMatchObject({ topic: 'readings', latenessMs: 0, idleTimeoutMs: 30_000 });
    expect(plan.nodes.map(({ input }) => input)).toEqual(['readings', 'positive']);
    expect(plan.sinks[0]!.columns.map(({ name }) => name)).toEqual(['window_start', 'window_end', 'sensor', 'total']);
    expect(plan.topics.map(({ name }) => name)).toEqual(['readings', 'totals', 'mine-dead-letters']);
  });

  it('tells every mistake at once, with its place', () => {
    const text = GOOD.replace('value > 0', 'valu > 0 AND sensor')
      .replace('tumble: 1 minute', 'tumbel: 1 minute')
      .replace('value: double', 'value: dubble, more: string')
      .replace('keys: [sensor]', 'key: [sensor]');
    expect(mistakes(text)).toEqual([
      'mine.yaml:4:39: type of column "value" cannot be "dubble" (did you mean double?)',
      'mine.yaml:10:17: a window has no "tumbel" (did you mean tumble?)',
      'mine.yaml:17:5: sink "out" has no "key" (did you mean keys?)',
    ]);
  });

  it('tells mistakes of the plan where they are written', () => {
    const text = GOOD.replace('value > 0', "valu > 0 AND 'a' > value")
      .replace('by: [sensor]', 'by: [value, senser]')
      .replace('keys: [sensor]', 'keys: [nothing]')
      .replace('SUM(value)', '"SUM(value) + sensor"');
    expect(mistakes(text)).toEqual([
      'mine.yaml:7:12: step "positive", condition: there is no column "valu" (did you mean value?)',
      'mine.yaml:7:25: step "positive", condition: > does not fit STRING, DOUBLE (write value > value)',
      'mine.yaml:11:19: step "totals": there is no column "senser" (key) (did you mean sensor?)',
      'mine.yaml:13:30: step "totals", column "total": column "sensor" is neither a key nor inside an aggregate (group by it, or write MAX(sensor))',
      'mine.yaml:17:12: sink "out": there is no column "nothing" (record key) (columns are window_start, window_end, value, total)',
    ]);
  });

  it.each([
    ['{ tumble: 1 minute }', '{ offset: 1 minute }', 'mine.yaml:10:15: a window is one of tumble, hop'],
    ['value > 0', 'value > > 0', 'mine.yaml:7:20: where: ">" stands where a value is expected'],
    ['value > 0', "value > 'a", 'mine.yaml:7:20: where: the text that begins here does not end'],
    ['where: value > 0', 'wher: value > 0', 'mine.yaml:7:5: step "positive" has no "wher" (did you mean where?)'],
    ['where: value > 0', 'from: readings', 'mine.yaml:6:3: step "positive" does nothing'],
    ['1 minute', '1 minuet', 'mine.yaml:10:25: the window "1 minuet" is not a duration'],
    ['where: value > 0', 'where: value > 0\n    select: [value]', 'step "positive" does where and select'],
    ['pipeline: mine', 'pipeline: mine\npipeline: two', 'mine.yaml:2:1: Map keys must be unique'],
    ['[sensor]', '[sensor', 'mine.yaml:1'],
    [
      'where: value > 0',
      'from: readngs\n    where: value > 0',
      'mine.yaml:7:11: step "positive": its input "readngs" does not exist',
    ],
    ['topic: totals', 'from: nowhere', 'mine.yaml:16:11: sink "out": its input "nowhere" does not exist'],
    ['value > 0', '*x', 'mine.yaml:7:12: references (*name) are not read in a pipeline'],
    ['value > 0', '&x value > 0', ''],
    ['columns: { sensor: string, value: double }', '', 'mine.yaml:3:3: source "readings" has no columns'],
  ])('%s written as %s', (good, wrong, told) => {
    const text = GOOD.replace(good, wrong);
    expect(text).not.toBe(GOOD);
    const found = mistakes(text);
    if (told === '') expect(found).toEqual([]);
    else expect(found.join('\n')).toContain(told);
  });

  it.each(['', '[]', 'a', '{', '[[[['.repeat(5000), '- - - x', '{"pipeline":"a"}', '\u0000', '? [a]\n: b', 'null'])(
    'refuses %j',
    (text) => {
      expect(mistakes(text).length).toBeGreaterThan(0);
    },
  );
});
