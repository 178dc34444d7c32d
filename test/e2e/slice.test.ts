import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ndjson, type Running, Workspace } from '../support/streamctl.js';

/** The pipeline as a user runs it, each command a process of its own, over the embedded broker. */
const SAMPLE = resolve('fixtures/cars.csv');

interface Prices {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** What the rules of the pipeline leave of the sample, by manufacturer; in a few lines that share nothing with it. */
function naivePrices(): Map<string, Prices> {
  const rows = parse(readFileSync(SAMPLE), { columns: true }) as Record<string, string>[];
  const groups = new Map<string, Prices>();
  for (const row of rows) {
    const price = Number(row.price);
    const year = Number(row.year);
    if (row.model === 'model' || !(price > 0) || !(year >= 1970 && year <= new Date().getUTCFullYear() + 1)) continue;
    const before = groups.get(row.manufacturer!) ?? { count: 0, sum: 0, min: Infinity, max: -Infinity };
    groups.set(row.manufacturer!, {
      count: before.count + 1,
      sum: before.sum + price,
      min: Math.min(before.min, price),
      max: Math.max(before.max, price),
    });
  }
  return groups;
}

interface PriceRow {
  readonly manufacturer: string;
  readonly count: number;
  readonly mean_price: number;
  readonly min_price: number;
  readonly max_price: number;
}

interface ResultRow extends PriceRow {
  readonly window_start: string;
}

/** Windows put together again, the newest result of each window counting. */
function together(rows: readonly ResultRow[]): Map<string, Prices> {
  const newest = new Map(rows.map((row) => [`${row.window_start} ${row.manufacturer}`, row]));
  const groups = new Map<string, Prices>();
  for (const { manufacturer, count, mean_price, min_price, max_price } of newest.values()) {
    const before = groups.get(manufacturer) ?? { count: 0, sum: 0, min: Infinity, max: -Infinity };
    groups.set(manufacturer, {
      count: before.count + count,
      sum: before.sum + Math.round(mean_price * count),
      min: Math.min(before.min, min_price),
      max: Math.max(before.max, max_price),
    });
  }
  return groups;
}

/** Committed results; each window of each manufacturer must be there once. */
async function resultTopic(space: Workspace): Promise<Map<string, Prices>> {
  const records = ndjson(await space.ok('consume', 'cars-prices', '-e', '--json'));
  const rows = records.filter(({ type }) => type === 'record').map(({ value }) => value) as ResultRow[];
  expect(new Set(rows.map((row) => `${row.window_start} ${row.manufacturer}`)).size).toBe(rows.length);
  return together(rows);
}

describe('a pipeline on the command line', () => {
  let space: Workspace;
  beforeEach(() => {
    space = new Workspace();
  });
  afterEach(() => space.remove());

  it('starts its sample over an empty topic and gives what a naive recompute gives', async () => {
    const records = ndjson(await space.ok('run', 'cars', '--until', 'eof', '--json'));
    const windows = records.filter((record) => record.type === 'window' && record.sink === 'prices');
    const rows = windows.map((record) => ({
      ...(record.row as PriceRow),
      window_start: record.window_start as string,
    }));
    expect(together(rows)).toEqual(naivePrices());
    expect(await resultTopic(space)).toEqual(naivePrices());
    expect(records.at(-1)).toMatchObject({ type: 'end', ok: true, exit: 0, rows: 1200, late: 0, lag: 0 });
    const rejected = records.filter((record) => record.type === 'rejected');
    expect(rejected.length).toBeGreaterThan(0);
    const letters = ndjson(await space.ok('consume', 'cars-dead-letters', '-e', '--json'));
    expect(letters.filter((record) => record.type === 'record')).toHaveLength(rejected.length);

    // The same again has nothing new to say.
    const again = ndjson(await space.ok('run', 'cars', '--until', 'eof', '--json'));
    expect(again.filter((record) => record.type === 'window')).toHaveLength(0);
    expect(again.at(-1)).toMatchObject({ type: 'end', rows: 0 });
  });

  it('ends with 0 at Ctrl-C and is completed by the next run', async () => {
    await space.ok('run', 'cars', '--until', 'count=1', '--source', 'sample', '--json');
    const running = space.start(['run', 'cars', '--source', 'sample', '--json']);
    await running.waitFor('"type":"progress"');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    expect(code).toBe(0);
    expect(ndjson(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, exit: 0 });
  });

  it('loses and doubles nothing when it is killed again and again', async () => {
    await space.ok('topics', 'create', 'cars', '--if-not-exists');
    const args = ['run', 'cars', '--checkpoint', '100ms', '-X', 'group.instance.id=worker', '--json'];
    const feeding = space.start(['run', 'cars', ...args.slice(2), '--source', 'sample']);
    await feeding.waitFor('"type":"window"');
    const kill = async (running: Running): Promise<void> => {
      running.child.kill('SIGKILL');
      await running.finished;
    };
    await kill(feeding);
    for (let round = 0; round < 3; round++) {
      const running = space.start([...args, '--source', 'topic']);
      await running.waitFor('"type":"progress"');
      await kill(running);
    }
    const end = ndjson(await space.ok(...args, '--source', 'topic', '--until', 'eof')).at(-1);
    expect(end).toMatchObject({ type: 'end', ok: true });
    const sent = ndjson(await space.ok('consume', 'trafic_cars', '-e', '--json')).filter(
      ({ type }) => type === 'record',
    );
    const total = [...(await resultTopic(space)).values()].reduce((sum, { count }) => sum + count, 0);
    const rejected = new Set(
      ndjson(await space.ok('consume', 'cars-dead-letters', '-e', '--json'))
        .filter(({ type }) => type === 'record')
        .map(({ value }) => JSON.stringify(value)),
    );
    expect(total).toBe(sent.length - rejected.size);
  });

  it('tells what is wrong with a pipeline, parameter or option', async () => {
    const failures = [
      [['run', 'crs'], /pipeline "crs" does not exist[\s\S]*did you mean cars/],
      [['run', 'cars', '--param', 'referenceYer=2020'], /has no parameter[\s\S]*did you mean referenceYear/],
      [['run', 'cars', '--emit', 'sometimes'], /--emit "sometimes" is not known/],
    ] as const;
    for (const [args, message] of failures) {
      const { code, stderr, stdout } = await space.run(args);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
      expect(stdout).toBe('');
    }
    const nowhere = await space.run(['run', 'cars', '--source', 'topic', '-b', '127.0.0.1:1']);
    expect(nowhere.code).toBe(3);
    expect(nowhere.stderr).toContain('cannot connect to 127.0.0.1:1');
  });

  it('goes on after its broker was gone', async () => {
    await space.ok('run', 'cars', '--until', 'eof', '--json');
    const running = space.start(['run', 'cars', '--json']);
    await running.waitFor('"type":"progress"');
    await space.ok('broker', 'stop');
    await running.waitFor('trying again');
    expect((await space.run(['produce', 'trafic_cars', '-p', '0'], { input: 'no json' })).code).toBe(0);
    await running.waitFor('"type":"rejected"');
    running.child.kill('SIGINT');
    expect((await running.finished).code).toBe(0);
  });
});
