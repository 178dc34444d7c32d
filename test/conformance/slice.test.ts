import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';

/**
 * The first hour of a user, each command a process of its own, on the embedded broker,
 * or on the cluster that STREAMCTL_TEST_BROKERS names.
 */
const brokers = process.env.STREAMCTL_TEST_BROKERS;
const data = resolve('../shared/data');
const hasData = existsSync(join(data, 'cars/audi.csv'));
const suffix = brokers ? `-${process.pid}` : '';

function carRows(path: string): { model: string; price: number }[] {
  const rows = parse(readFileSync(path), { columns: true, bom: true }) as Record<string, string>[];
  return rows.map((row) => ({ model: row.model!, price: Number(row.price) }));
}

function group(rows: readonly { model: string; price: number }[]): Map<string, { count: number; mean: number }> {
  const groups = new Map<string, { count: number; sum: number }>();
  for (const { model, price } of rows) {
    const entry = groups.get(model) ?? { count: 0, sum: 0 };
    groups.set(model, { count: entry.count + 1, sum: entry.sum + price });
  }
  return new Map([...groups].map(([key, { count, sum }]) => [key, { count, mean: sum / count }]));
}

describe(`first hour on ${brokers ?? 'the embedded broker'}`, () => {
  let space: Workspace;
  beforeAll(() => {
    space = new Workspace(brokers ? { STREAMCTL_BROKERS: brokers } : {});
  });
  afterAll(() => space.remove());

  it('creates, lists, describes and deletes a topic', async () => {
    const name = `first${suffix}`;
    await space.ok('topics', 'create', name, '--partitions', '3');
    expect(await space.ok('topics', 'list')).toContain(name);
    const described = JSON.parse(await space.ok('topics', 'describe', name, '--json'));
    expect(described).toMatchObject({ command: 'topics.describe', schemaVersion: 1, ok: true, error: null });
    expect(JSON.stringify(described.result)).toContain(name);
    const again = await space.run(['topics', 'create', name]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('error:');
    await space.ok('topics', 'delete', name, '-y');
    expect(await space.ok('topics', 'list')).not.toContain(name);
  });

  it('names an unknown topic with a hint', async () => {
    const { code, stderr, stdout } = await space.run(['consume', `no-such${suffix}`, '-e']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: topic "no-such.*" does not exist/);
    expect(stderr).toContain('hint:');
    expect(stdout).toBe('');
  });

  it('gives back through consume -J and produce -J every byte that was produced', async () => {
    const from = `origin${suffix}`;
    const to = `copy${suffix}`;
    for (const topic of [from, to]) await space.ok('topics', 'create', topic, '--partitions', '2');
    await space.run(['produce', from, '-K', ':', '-H', 'a=b'], {
      input: 'k1:v1\nk2:{"x": 12345678901234567890}\nk3:caf\u00e9\n',
    });
    await space.run(['produce', from, '-k', 'gone', '-Z'], { input: '\n' });
    const first = await space.ok('consume', from, '-e', '-J');
    expect(first.split('\n').filter(Boolean)).toHaveLength(4);
    expect((await space.run(['produce', to, '-J'], { input: first })).code).toBe(0);
    const second = await space.ok('consume', to, '-e', '-J');
    const essence = (text: string): string[] =>
      ndjson(text)
        .map(({ topic: _topic, offset: _offset, ...rest }) => JSON.stringify(rest))
        .sort();
    expect(essence(second)).toEqual(essence(first));
  });

  it('replays a small file in lots and counts it by windows', async () => {
    const topic = `small${suffix}`;
    writeFileSync(join(space.folder, 'small.csv'), 'model,price\nA,10\nB,20\nA,30\n');
    await space.ok('topics', 'create', topic, '--partitions', '3');
    await space.ok('replay', 'small.csv', '-t', topic, '--batch', '2', '--pause', '10ms');
    const records = ndjson(await space.ok('consume', topic, '-e', '--json'));
    expect(records.filter((record) => record.type === 'record')).toHaveLength(3);
    expect(records.at(-1)).toMatchObject({ type: 'end', ok: true, exit: 0 });
    const windows = ndjson(
      await space.ok(
        'consume',
        topic,
        '-e',
        '--window',
        '1h',
        '--by',
        'model',
        '--agg',
        'count(),avg(price)',
        '--json',
      ),
    );
    const totals = windows.filter((record) => record.type === 'window');
    expect(totals.length).toBeGreaterThanOrEqual(2);
    const lots = await space.ok('consume', `${topic}-lots`, '-e', '-f', '%v\\n');
    expect(ndjson(lots)).toHaveLength(2);
  });

  it('opens windows of event times that are epoch milliseconds in the records', async () => {
    const topic = `clock${suffix}`;
    await space.ok('topics', 'create', topic, '--partitions', '1');
    const rows = [0, 30_000, 61_000].map((offset) => JSON.stringify({ k: 'a', ts: 1_700_000_040_000 + offset }));
    await space.run(['produce', topic], { input: `${rows.join('\n')}\n` });
    const windows = ['--window', '1m', '--time', 'ts', '--by', 'k', '--agg', 'count() as n'];
    const results = ndjson(await space.ok('consume', topic, '-e', ...windows, '--json'));
    expect(results.filter(({ type }) => type === 'window').map(({ row }) => row)).toEqual([
      expect.objectContaining({ k: 'a', n: 2 }),
      expect.objectContaining({ k: 'a', n: 1 }),
    ]);
  });

  it.skipIf(!hasData)('replays audi whole and agrees with an independent mean per model', async () => {
    const topic = `trafic_cars${suffix}`;
    const file = join(data, 'cars/audi.csv');
    await space.ok('topics', 'create', topic, '--partitions', '3');
    await space.ok(
      'replay',
      file,
      '-t',
      topic,
      '--set',
      'manufacturer=audi',
      '--batch',
      '100',
      '--pause',
      '20ms',
      '--limit',
      '300',
    );
    await space.ok('replay', file, '-t', topic, '--set', 'manufacturer=audi', '--speed', 'max');
    const rows = carRows(file);
    const all = [...rows.slice(0, 300), ...rows];
    const consumed = ndjson(await space.ok('consume', topic, '-e', '--json'));
    expect(consumed.filter((record) => record.type === 'record')).toHaveLength(all.length);
    const windows = ndjson(
      await space.ok(
        'consume',
        topic,
        '-e',
        '--window',
        '24h',
        '--by',
        'model',
        '--agg',
        'count() as n,avg(price) as mean',
        '--json',
      ),
    );
    const results = windows.filter((record) => record.type === 'window');
    const expected = group(all);
    const counts = new Map<string, number>();
    for (const result of results) {
      const row = (result.row ?? result) as Record<string, unknown>;
      counts.set(row.model as string, (counts.get(row.model as string) ?? 0) + (row.n as number));
    }
    expect(counts).toEqual(new Map([...expected].map(([model, { count }]) => [model, count])));
  });

  it.skipIf(!hasData)('cuts the water file into 382 full lots', async () => {
    const topic = `water-quality${suffix}`;
    await space.ok('topics', 'create', topic, '--partitions', '3');
    await space.ok('replay', join(data, 'water/LTM_Data_2022_8_1.csv'), '-t', topic, '--speed', 'max');
    const records = (await space.ok('consume', topic, '-e', '-f', '%p\\n')).split('\n').filter(Boolean);
    expect(records).toHaveLength(38_200);
    const lots = ndjson(await space.ok('consume', `${topic}-lots`, '-e', '-f', '%v\\n'));
    expect(lots).toHaveLength(382);
    expect(lots.every((lot) => lot.rows === 100)).toBe(true);
  });
});
