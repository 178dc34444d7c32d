import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

/** Water and stocks as a user runs them, each command a process of its own, over the embedded broker. */
const data = resolve('../shared/data/water');
let space: Workspace;
beforeEach(() => {
  space = new Workspace();
});
afterEach(() => space.remove());

type Row = Readonly<Record<string, unknown>>;

/** Newest value of each key of a topic. */
async function table(topic: string): Promise<readonly Row[]> {
  const newest = new Map<unknown, Row>();
  for (const record of ndjson(await space.ok('consume', topic, '-e', '--json')))
    if (record.type === 'record') newest.set(record.key, record.value as Row);
  return [...newest.values()].filter((value) => value !== null);
}

const total = (rows: readonly Row[], column: string): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
const endOf = (text: string): Row => ndjson(text).at(-1)!;

describe('water', () => {
  it('starts its sample over an empty topic', async () => {
    const end = endOf(await space.ok('run', 'water', '--until', 'eof', '--json'));
    expect(end).toMatchObject({ ok: true, rows: 420, rejected: 6, late: 0, lag: 0 });
    const lots = await table('water-lots');
    expect(lots.map((lot) => lot.rows)).toEqual(expect.arrayContaining([100, 100, 100, 100, 20]));
    expect([total(lots, 'rows'), total(lots, 'rejected')]).toEqual([420, 6]);
    const quarantine = ndjson(await space.ok('consume', 'water-quarantine', '-e', '--json'));
    const reasons = quarantine.flatMap(({ headers }) =>
      ((headers ?? []) as { key: string; value: string }[]).filter(({ key }) => key === 'streamctl-reason'),
    );
    expect(reasons.map(({ value }) => value)).toContain('PH_LAB is not from 0 to 14');
    const { code, stderr } = await space.run(['run', 'water', '--until', 'eof', '--param', 'missing=errors']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean error?');
  });

  it('takes a file that is named like it, with codes as texts and a header row in the middle', async () => {
    copyFileSync('fixtures/water.csv', join(space.folder, 'water.csv'));
    await space.ok('replay', 'water.csv', '--speed', 'max');
    const [first] = ndjson(await space.ok('consume', 'water-quality', '-e', '--json'));
    expect(first!.value).toMatchObject({
      SITE_ID: expect.any(String) as string,
      CA_UEQ_L: expect.any(String) as string,
    });
    copyFileSync('fixtures/cars.csv', join(space.folder, 'cars.csv'));
    await space.ok('replay', 'cars.csv', '--speed', 'max');
    const [car] = ndjson(await space.ok('consume', 'trafic_cars', '-e', '--json'));
    expect(typeof (car!.value as Row).price).toBe('number');
  });

  it.skipIf(!existsSync(data))(
    'has the known answers of the archive',
    async () => {
      const file = `${data}/LTM_Data_2022_8_1.csv`;
      const replayed = endOf(await space.ok('replay', file, '-t', 'water-quality', '--speed', 'max', '--json'));
      expect(replayed).toMatchObject({ ok: true, rows: 38_200, lots: 382 });
      const tables = ['Methods', 'Site_Information'].map(
        (name, at) => `${['methods', 'sites'][at]!}=${data}/${name}_2022_8_1.csv`,
      );
      const run = (...more: string[]): Promise<string> =>
        space.ok('run', 'water', '--until', 'eof', '--json', ...tables.flatMap((one) => ['--table', one]), ...more);
      // A run that begins anew on a busy machine reads rows again: what counts is what is in the topics.
      expect(endOf(await run())).toMatchObject({ ok: true, rejected: 0, late: 0, lag: 0 });
      const lots = await table('water-lots');
      expect([lots.length, total(lots, 'rows'), total(lots, 'valid')]).toEqual([382, 38_200, 38_200]);
      const metrics = await table('water-metrics');
      const ph = metrics.filter((row) => row.dimension === 'programme' && row.measure === 'PH_LAB');
      expect(total(ph, 'count')).toBe(34_265);
      const weighted = ph.reduce((sum, row) => sum + Number(row.mean) * Number(row.count), 0);
      expect(weighted / 34_265).toBeCloseTo(5.816022180067124, 9);
      expect(endOf(await run('--reset-state', '--param', 'missing=error'))).toMatchObject({ ok: true, lag: 0 });
      expect(total(await table('water-lots'), 'valid')).toBe(14_121);
      expect(endOf(await space.ok('consume', 'water-quarantine', '-e', '--json')).records).toBe(38_200 - 14_121);
    },
    180_000,
  );
});

describe('stocks', () => {
  it('takes its sample', async () => {
    const end = endOf(await space.ok('run', 'stocks', '--source', 'sample', '--until', 'eof', '--json'));
    const rows = readFileSync('fixtures/stocks.csv', 'utf8').trim().split('\n').length - 1;
    expect(end).toMatchObject({ ok: true, rows, late: 0, lag: 0 });
    const live = await table('stocks-live');
    expect(live.map((row) => row.symbol).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      'ACME',
      'PENCE.L',
      'ZETA.PA',
    ]);
    expect(live.find((row) => row.symbol === 'PENCE.L')).toMatchObject({ currency: 'GBP', name: 'Penny & Sons' });
  });

  it('takes a file of bars with the symbol beside it', async () => {
    const file = ['Datetime,Close,High,Low,Open,Volume'];
    for (let at = 0; at < 30; at++)
      file.push(`2026-03-19 13:${30 + (at % 30)}:00+00:00,${100 + at},${101 + at},${99 + at},${100 + at},10`);
    const input = `${file.join('\n')}\n`;
    const sent = await space.run(['replay', '-', '-t', 'stocks', '--set', 'symbol=NEW'], { input });
    expect(sent.code, sent.stderr).toBe(0);
    await space.ok('run', 'stocks', '--until', 'eof', '--json');
    const averages = ndjson(await space.ok('consume', 'stocks-averages', '-e', '--json'))
      .filter(({ type }) => type === 'record')
      .map(({ value }) => value as Row);
    expect(averages).toHaveLength(30);
    expect(averages.at(-1)).toMatchObject({ symbol: 'NEW', close: 129, change: 1, sma_5: 127, sma_20: 119.5 });
  });
});
