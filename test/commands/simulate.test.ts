import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';

let broker: TestBroker;
let space: Workspace;
beforeAll(async () => {
  broker = await startTestBroker();
  space = new Workspace({ STREAMCTL_BROKERS: `127.0.0.1:${broker.running.port}` });
});
afterAll(async () => {
  await space.remove();
  await broker.stop();
});

const end = (stdout: string): Record<string, unknown> => ndjson(stdout).at(-1)!;
const AT = ['--start', '@2020-05-13T14:00Z'];

describe('simulate', () => {
  it('gives the same rows for the same seed and beginning, as lines', async () => {
    const words = ['simulate', 'stocks', ...AT, '--speed', 'max', '--duration', '30m', '-t', '-', '--anomalies', '10%'];
    const [one, two, other] = await Promise.all([
      space.ok(...words),
      space.ok(...words),
      space.ok(...words, '--seed', '8'),
    ]);
    expect(one.split('\n').length).toBeGreaterThan(60);
    expect(two).toBe(one);
    expect(other).not.toBe(one);
  });

  it('sends to the topic of the pipeline, keyed as its API is polled, and counts what it did', async () => {
    const words = ['--speed', 'max', '--duration', '1h', '--anomalies', '5%', '--dup', '5%', '--late', '2%:20m'];
    const { stdout, stderr } = await space.run(['simulate', 'velib', ...AT, ...words, '--json']);
    expect(stderr).toContain(
      'velib: 0.38 rows/s of event time as fast as it goes, from 2020-05-13 14:00 UTC on, seed 7',
    );
    const told = end(stdout);
    expect(told).toMatchObject({
      type: 'end',
      ok: true,
      reason: 'eof',
      topic: 'velib-projet',
      start: '2020-05-13T14:00:00.000Z',
    });
    const records = ndjson(await space.ok('consume', 'velib-projet', '-e', '-J'));
    expect(records).toHaveLength(Number(told.records));
    const good = records.filter(({ value }) => !/NaN|^\[/.test(String(value)));
    for (const { key, timestamp, value } of good) {
      const row = JSON.parse(String(value)) as Record<string, unknown>;
      expect(timestamp).toBe(Number(row.last_reported) * 1000);
      if (row.stationCode !== null) expect(key).toBe(row.stationCode);
    }
    const anomalies = Object.values(told.anomalies as Record<string, number>).reduce((sum, count) => sum + count, 0);
    expect(Number(told.records)).toBeGreaterThan(1_200);
    expect(anomalies).toBeGreaterThan(30);
    expect(Number(told.duplicates)).toBeGreaterThan(30);
    expect(Number(told.late)).toBeGreaterThan(10);
  });

  it('goes on behind what the topic holds, so that nothing of it is late', async () => {
    const words = [
      'simulate',
      'velib',
      '-t',
      'again',
      '--speed',
      'max',
      '--duration',
      '30m',
      '--anomalies',
      '0%',
      '--json',
    ];
    const first = end(await space.ok(...words));
    const second = await space.run(words);
    expect(second.stderr).toContain('again holds newer rows already: it goes on at');
    expect(String(end(second.stdout).first) > String(first.last)).toBe(true);
  });

  it('stops at a count, and tells it', async () => {
    const words = ['simulate', 'cars', '-t', 'counted', '--speed', 'max', '--until', 'count=250', '--json'];
    expect(end(await space.ok(...words))).toMatchObject({ records: 250, reason: 'until count=250' });
    expect(
      end(await space.ok('simulate', 'cars', ...AT, '-t', 'limited', '--speed', 'max', '--limit', '7', '--json')),
    ).toMatchObject({
      records: 7,
      reason: 'count',
    });
  });

  it.each([
    [['velb'], 'did you mean velib?'],
    [['cars', '--speed', '0'], '--speed "0" is not a speed'],
    [['cars', '--late', '2%'], '--late "2%" does not say how late'],
    [['cars', '--anomalies', '200%'], '--anomalies "200%" is not a share'],
    [['cars', '--rate', 'often'], 'is not a rate'],
    [['stocks', '--rate', '5000/s'], 'at most 500 rows per second'],
    [['cars', '--start', 'end'], 'time'],
    [['cars', '--start', 'soon'], '--start "soon" is not a time'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await space.run(['simulate', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('--source of run and watch', () => {
  it.each(['cars', 'news', 'weather', 'water', 'stocks', 'velib'])(
    'runs %s on a simulation',
    async (name) => {
      const told = end(
        await space.ok('run', name, '--source', 'simulated', '--until', 'eof', '--json', '--reset-state'),
      );
      expect(told).toMatchObject({ ok: true, lag: 0 });
      expect(Number(told.rows)).toBeGreaterThan(100);
      expect(Number(told.results)).toBeGreaterThan(5);
      expect(Number(told.rejected)).toBeGreaterThan(0);
    },
    60_000,
  );

  it('takes a file, and a cassette', async () => {
    const own = new Workspace();
    try {
      writeFileSync(
        join(own.folder, 'bars.csv'),
        'symbol,time,open,high,low,close,volume\nACME,1590672600,10,12,9,11,100\nACME,1590672660,11,13,10,12,50\n',
      );
      const rows = ndjson(await own.ok('run', 'stocks', '--source', 'bars.csv', '--until', 'eof', '--json'));
      const closes = rows.filter(({ sink }) => sink === 'minutes').map(({ row }) => (row as { close: number }).close);
      // Told once when they change, and once when the minute is over.
      expect([...new Set(closes)]).toEqual([11, 12]);
      const played = await own.run([
        'run',
        'velib',
        '--source',
        join(process.cwd(), 'fixtures/velib.cassette'),
        '--until',
        'eof',
        '--json',
      ]);
      expect(played.code, played.stderr).toBe(0);
      expect(Number(end(played.stdout).results)).toBeGreaterThan(0);
      const other = await own.run(['run', 'stocks', '--source', join(process.cwd(), 'fixtures/velib.cassette')]);
      expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('streamctl run velib --source') });
    } finally {
      await own.remove();
    }
  }, 60_000);

  it('polls by default, and says what to do where nobody is in reach', async () => {
    const own = new Workspace({ HTTPS_PROXY: 'http://127.0.0.1:1' });
    try {
      for (const words of [
        ['run', 'velib'],
        ['run', 'velib', '--until', 'eof'],
      ]) {
        const { code, stderr } = await own.run(words);
        expect(code, stderr).toBe(3);
        expect(stderr).toContain('--source simulated');
      }
      // What is there is enough for a run that ends with it.
      await own.ok('simulate', 'velib', '--speed', 'max', '--duration', '10m');
      expect(end(await own.ok('run', 'velib', '--until', 'eof', '--json'))).toMatchObject({ ok: true });
    } finally {
      await own.remove();
    }
  }, 60_000);

  it.each([
    [['run', 'cars', '--source', 'simulatd'], 'did you mean simulated?'],
    [['run', 'cars', '--source', 'cars.xyz'], 'there is no such file'],
    [['watch', 'water', '--source', 'live'], 'polls no API'],
    [['run', 'cars', '--source', 'topic', '--speed', '3x'], '--speed is for sources that are replayed'],
    [['run', 'cars', '--source', 'simulated', '--speed', 'fast'], 'is not a speed'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await space.run(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('sends nothing that is still to come, also where others did', async () => {
    const own = new Workspace();
    try {
      const stationCode = '16107';
      const ahead = Date.now() + 3_600_000;
      const row = { stationCode, num_bikes_available: 1, mechanical: 1, ebike: 0, last_reported: ahead / 1000 };
      await own.ok('topics', 'create', 'velib-projet', '-p', '1');
      const record = JSON.stringify({ key: stationCode, timestamp: ahead, value: JSON.stringify(row) });
      await own.run(['produce', 'velib-projet', '-J'], { input: `${record}\n` });
      await own.ok('run', 'velib', '--source', 'simulated', '--until', 'eof');
      const timestamps = ndjson(await own.ok('consume', 'velib-projet', '-e', '-J')).map((one) =>
        Number(one.timestamp),
      );
      expect(timestamps[0]).toBe(ahead);
      expect(timestamps.slice(1).every((timestamp) => timestamp <= Date.now())).toBe(true);
    } finally {
      await own.remove();
    }
  }, 60_000);

  it('speaks French on request, and leaves data as it is', async () => {
    const words = ['run', 'velib', '--source', 'simulated', '--until', 'eof', '--reset-state'];
    const { code, stdout, stderr } = await space.run([...words, '--lang', 'fr']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('velib-projet reçoit une simulation de');
    expect(stderr).toMatch(/lignes lues, .* résultats, .* rejetées \(dans velib-dead-letters\)/);
    expect(stdout).toContain('fermée par');
    expect(stdout).toContain('total_bikes');
    const frame = await space.ok('watch', 'velib', '--once', '--frames', 'text', '--lang', 'fr');
    expect(frame).toContain('Vélos par code postal');
    const data = await space.run(['run', 'velib', '--source', 'topic', '--until', 'eof', '--json', '--lang', 'fr']);
    expect(end(data.stdout)).toMatchObject({ type: 'end', ok: true, reason: 'until eof' });
    const wrong = await space.run(['run', 'velib', '--source', 'simulatd', '--lang', 'fr']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('erreur : ') });
  });

  it('shows a simulation', async () => {
    const text = await space.ok('watch', 'velib', '--source', 'simulated', '--once', '--frames', 'text');
    expect(text).toContain('93200');
    expect(text).toContain('75016');
    expect(text).toContain('tab bikes 1/2');
    const other = await space.ok('watch', 'velib', '--once', '--frames', 'text', '--page', 'stations');
    expect(other).toContain('tab stations 2/2');
    expect(other).not.toBe(text);
    const data = end(await space.ok('watch', 'velib', '--once', '--frames', 'ndjson', '--until', 'eof'));
    expect(data.type).toBe('end');
    const none = await space.run(['watch', 'velib', '--once', '--page', 'lots']);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('its pages are 1 bikes, 2 stations') });
  });
});
