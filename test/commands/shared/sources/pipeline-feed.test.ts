// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../../../support/streamctl.js';
import { StubApis } from '../../../support/stub-apis/server.js';
import { startTestBroker, type TestBroker } from '../../../support/test-broker.js';

let stub: StubApis;
let broker: TestBroker;
let space: Workspace;
beforeAll(async () => {
  [stub, broker] = await Promise.all([StubApis.start(), startTestBroker()]);
  space = new Workspace({ STREAMCTL_BROKERS: `127.0.0.1:${broker.running.port}` });
});
afterAll(async () => {
  await space.remove();
  await Promise.all([stub.stop(), broker.stop()]);
});

const end = (stdout: string): Record<string, unknown> => ndjson(stdout).at(-1)!;
const results = (stdout: string, sink: string): Record<string, unknown>[] =>
  ndjson(stdout).flatMap((one) => (one.sink === sink ? [one.row as Record<string, unknown>] : []));

describe('--source live', () => {
  it('asks for what the parameters of the API say', async () => {
    const { code, stdout, stderr } = await space.run([
      ...['run', 'weather', '--source', 'live', '--city', 'Strasbourg', '--base-url', stub.url],
      ...['--until', 'eof', '--json'],
    ]);
    expect(code, stderr).toBe(0);
    expect(new Set(results(stdout, 'cities').map(({ city }) => city))).toEqual(new Set(['Strasbourg']));
    // What the topic holds is enough for a run that ends with it, unless it is told to ask.
    const again = await space.run(['run', 'weather', '--city', 'Paris', '--until', 'eof', '--json']);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing is polled; --source live does') });
  });

  it('takes a parameter that pipeline and API both have for both', async () => {
    const { code, stdout, stderr } = await space.run([
      ...['run', 'velib', '--source', 'live', '--stations', '32017', '--base-url', stub.url],
      ...['--until', 'eof', '--json'],
    ]);
    expect(code, stderr).toBe(0);
    expect(end(stdout)).toMatchObject({ rows: 1, rejected: 0 });
    expect(new Set(results(stdout, 'stations').map(({ stationCode }) => stationCode))).toEqual(new Set(['32017']));
  });

  it.each([
    [['run', 'weather', '--source', 'simulated', '--city', 'Paris'], '--city says what an API is asked for'],
    [['watch', 'stocks', '--source', 'sample', '--every', '5s'], '--every says what an API is asked for'],
    [['watch', 'velib', '--once', '--provider', 'portal'], '--source topic asks none'],
    [['run', 'weather', '--source', 'live', '--provider', 'nobody'], 'nobody'],
    [['run', 'cars', '--city', 'Paris'], 'unknown flag "--city"'],
    [['run', 'water', '--threshold', 'high'], 'parameter "threshold" cannot be "high"'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await space.run(words);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('--source CASSETTE', () => {
  const car = (id: number, manufacturer: string) => {
    const rest = { transmission: 'Manual', mileage: 1000, fuelType: 'Diesel', tax: 100, mpg: 50, engineSize: 2 };
    return { id, manufacturer, model: 'X', year: 2019, price: 10_000 * id, ...rest };
  };

  it('feeds a pipeline with what was recorded of any address, without saying its flags again', async () => {
    stub.set('/cars', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ data: { cars: [car(1, 'bmw'), car(2, 'audi')] } }),
    });
    const address = `${stub.url.replace('//', '//me:${env:CARS_PASSWORD}@')}/cars`;
    const words = ['--items', 'data.cars', '--key', 'id', '--ignore', 'tax', '--cassette', 'cars.cassette'];
    const recorded = await space.run(['poll', address, ...words, '--mode', 'record', '--once', '-t', 'recorded'], {
      env: { CARS_PASSWORD: 'hush' },
    });
    expect(recorded.code, recorded.stderr).toBe(0);
    const [head] = gunzipSync(readFileSync(join(space.folder, 'cars.cassette')))
      .toString()
      .split('\n');
    expect(JSON.parse(head!)).toMatchObject({ reading: { items: 'data.cars', key: ['id'], ignore: ['tax'] } });
    expect(head).not.toContain('hush');

    const run = await space.run(['run', 'cars', '--source', 'cars.cassette', '--until', 'eof', '--json']);
    expect(run.code, run.stderr).toBe(0);
    expect(results(run.stdout, 'prices').map(({ manufacturer }) => manufacturer)).toEqual(['bmw', 'audi']);
    // What is said now counts more than what was said then.
    const other = ['--cassette', 'cars.cassette', '--mode', 'replay', '--speed', 'max', '-t', '-', '--json'];
    const replayed = ndjson(await space.ok('poll', ...other, '--key', 'manufacturer'));
    expect(replayed.flatMap(({ key }) => key ?? [])).toEqual(['bmw', 'audi']);

    const foreign = await space.run(['run', 'velib', '--source', 'cars.cassette', '--until', 'eof']);
    expect(foreign.code).toBe(2);
    expect(foreign.stderr).toContain('have nothing that pipeline "velib" reads');
  });

  it('says of an early recording of an address that nobody knows what is in it, and of a spoilt one what is wrong', async () => {
    const header = { kind: 'cassette', version: 1, source: 'https://api.test/x', parameters: {}, feeds: [] };
    const write = (name: string, more: object): void =>
      writeFileSync(join(space.folder, name), gzipSync(`${JSON.stringify({ ...header, ...more })}\n`));
    write('early.cassette', {});
    write('spoilt.cassette', { reading: { key: 7 } });
    const early = await space.run(['run', 'cars', '--source', 'early.cassette']);
    expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining('what their items are is not known') });
    const spoilt = await space.run(['run', 'cars', '--source', 'spoilt.cassette']);
    expect(spoilt).toMatchObject({ code: 2, stderr: expect.stringContaining('what it keeps as key cannot be used') });
  });
});

describe('--source FILE --speed', () => {
  const fixture = (name: string): string => resolve('fixtures', `${name}.csv`);

  it('follows the times of the rows, whatever the pipeline takes them from', async () => {
    const own = new Workspace();
    try {
      const file = fixture('weather');
      const words = ['run', 'weather', '--source', file, '--speed', '1000000x', '--until', 'count=5', '--json'];
      const { code, stdout, stderr } = await own.run(words);
      expect(code, stderr).toBe(0);
      expect(ndjson(stdout).filter(({ type }) => type === 'window').length).toBeGreaterThanOrEqual(5);
      const archive = ['run', 'water', '--source', fixture('water'), '--speed', '100000000x', '--until', 'count=1'];
      expect(await own.run(archive)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('the rows come newest first, and are sorted by time'),
      });
    } finally {
      await own.remove();
    }
  });

  it('says what it could follow where the rows have no times', async () => {
    const cars = await space.run(['run', 'cars', '--source', fixture('cars'), '--speed', '60x']);
    expect(cars).toMatchObject({ code: 2, stderr: expect.stringContaining('those of pipeline "cars" have none') });
    writeFileSync(join(space.folder, 'timeless.csv'), 'symbol,open,close\nACME,1,2\n');
    const bars = await space.run(['run', 'stocks', '--source', 'timeless.csv', '--speed', '60x']);
    expect(bars).toMatchObject({ code: 2, stderr: expect.stringContaining('timeless.csv has none') });
    const fast = await space.run(['run', 'news', '--source', fixture('news'), '--speed', 'fast']);
    expect(fast).toMatchObject({ code: 2, stderr: expect.stringContaining('--speed: "fast" is not a speed') });
  });
});
