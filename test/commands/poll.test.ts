// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjson, Workspace } from '../support/streamctl.js';
import { apiError, apiFixture } from '../support/stub-apis/faults.js';
import { GOOD_KEY } from '../support/stub-apis/routes.js';
import { StubApis } from '../support/stub-apis/server.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';

let stub: StubApis;
let broker: TestBroker;
let space: Workspace;
beforeAll(async () => {
  [stub, broker] = await Promise.all([StubApis.start(), startTestBroker()]);
  space = new Workspace({
    STREAMCTL_BROKERS: `127.0.0.1:${broker.running.port}`,
    OPENWEATHER_API_KEY: GOOD_KEY,
    WEATHERAPI_KEY: GOOD_KEY,
    AYLIEN_APP_ID: 'app-0815',
    AYLIEN_APP_KEY: GOOD_KEY,
  });
});
afterAll(async () => {
  await space.remove();
  await Promise.all([stub.stop(), broker.stop()]);
});

const poll = (...args: string[]) => space.run(['poll', ...args, '--base-url', stub.url]);
const end = (stdout: string): Record<string, unknown> => ndjson(stdout).at(-1)!;
const values = (stdout: string): Record<string, unknown>[] =>
  ndjson(stdout).flatMap(({ type, value }) => (type === 'record' ? [value as Record<string, unknown>] : []));

describe('poll into a topic', () => {
  it('writes each thing once, over restarts too, with key, event time, address and poll', async () => {
    const first = await poll('velib', '--once', '--json');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('topic velib-projet was created') });
    expect(end(first.stdout)).toMatchObject({ type: 'end', ok: true, reason: 'eof', emitted: 6, new: 6 });
    const records = ndjson(await space.ok('consume', 'velib-projet', '-e', '-J'));
    expect(records).toHaveLength(6);
    expect(records.find(({ key }) => key === '32017')).toMatchObject({
      timestamp: 1732001840_000,
      headers: [
        { key: 'streamctl-source', value: `${stub.url}/opendata/Velib_Metropole/station_status.json` },
        { key: 'streamctl-poll', value: 'velib' },
      ],
    });
    const asked = stub.asked(/station_status/).length;
    const second = await poll('velib', '--once', '--json');
    expect(end(second.stdout)).toMatchObject({ emitted: 0, notModified: 1 });
    expect(stub.asked(/station_status/)[asked]!.headers['if-none-match']).toBeDefined();
    // Without its state it reads the topic.
    const state = join(space.folder, '.streamctl', 'polls');
    for (const name of readdirSync(state)) writeFileSync(join(state, name), 'damaged');
    const third = await poll('velib', '--once', '--json');
    expect(end(third.stdout)).toMatchObject({ emitted: 0, unchanged: 6 });
  });

  it('comes back for what a count left out, though the answer has not changed', async () => {
    const cut = await poll('velib', '-t', 'cut', '--json', '--until', 'count=2');
    expect(end(cut.stdout)).toMatchObject({ reason: 'until count=2', emitted: 2 });
    const rest = await poll('velib', '-t', 'cut', '--json', '--once');
    expect(end(rest.stdout)).toMatchObject({ emitted: 4, unchanged: 2 });
    expect(ndjson(await space.ok('consume', 'cut', '-e', '-J'))).toHaveLength(6);
  });

  it('goes on through failures, shows and counts them, and ends when it is told to', async () => {
    stub.fail(/feed\/all/, { kind: 'garbage' }, 1);
    stub.fail(/feed\/all/, { kind: 'answer', status: 404, body: '{"message":"moved away"}' }, 2);
    stub.feed.grow(5);
    const address = `${stub.url}/feed/all`;
    const args = ['poll', address, '-t', 'failures', '-k', 'id', '--time', 'at', '--every', '200ms', '--retry', '0'];
    const done = await space.run([...args, '--until', 'count=5', '--json', '--timeout', '30s']);
    expect(done.code).toBe(0);
    expect(end(done.stdout)).toMatchObject({ reason: 'until count=5', emitted: 5, failed: 3 });
    expect(done.stderr).toContain('the body is not JSON');
    expect(done.stderr).toContain('404 Not Found: moved away');
  });

  it('reads pages, and limits what it reads', async () => {
    stub.feed.grow(30);
    for (const [kind, flags] of [
      ['link', []],
      ['next', ['--items', 'items']],
      ['cursor', ['--items', 'items', '--paginate', 'cursor', '--page-parameter', 'cursor']],
      ['page', ['--items', 'items', '--paginate', 'page']],
      ['offset', ['--items', 'items', '--paginate', 'offset']],
    ] as const) {
      const done = await space.run([
        'poll',
        `${stub.url}/feed/${kind}`,
        '-t',
        '-',
        '-k',
        'id',
        '--once',
        '--json',
        ...flags,
      ]);
      expect([kind, done.code, values(done.stdout).map(({ id }) => id)]).toEqual([
        kind,
        0,
        Array.from({ length: stub.feed.items.length }, (_, index) => index + 1),
      ]);
    }
    const cut = await space.run(['poll', `${stub.url}/feed/link`, '-t', '-', '--once', '--max-pages', '2']);
    expect(cut.stdout.trim().split('\n')).toHaveLength(20);
    expect(cut.stderr).toContain('there is more behind page 2');
  });
});

describe('APIs by name', () => {
  it('polls weather, stocks and news', async () => {
    const weather = await poll('weather', '--city', 'Strasbourg,Paris', '-t', '-', '--once', '--json');
    expect(values(weather.stdout)).toMatchObject([{ city: 'Strasbourg' }, { city: 'Paris', is_raining: true }]);
    const owm = await poll('weather', 'Strasbourg', '--provider', 'openweathermap', '-t', '-', '--once', '--json');
    expect(values(owm.stdout)).toMatchObject([{ provider: 'openweathermap', rain_mm: 3.16 }]);
    const stocks = await poll('stocks', 'AAPL,VOD.L', '-t', '-', '--once', '--json');
    expect(values(stocks.stdout)).toHaveLength(6);
    const news = await poll('news', '--brand', 'Ford,Toyota', '-t', '-', '--once', '--json');
    expect(values(news.stdout).map(({ type }) => type)).toEqual(expect.arrayContaining(['Ford', 'Toyota']));
    expect(values(news.stdout)).toHaveLength(5);
    expect(end(news.stdout)).toMatchObject({ pages: 3 });
  });

  it('gives what worked and says what did not', async () => {
    const done = await poll('stocks', 'AAPL,NOPE', '-t', '-', '--once', '--json');
    expect(done.code).toBe(6);
    expect(values(done.stdout)).toHaveLength(4);
    expect(done.stderr).toContain('stocks (NOPE): 404 Not Found: No data found, symbol may be delisted');
  });

  it.each([
    [['velibb', '--once'], 2, 'did you mean velib?'],
    [['weather', '--city', 'Pariss', '--once'], 2, 'did you mean Paris?'],
    [['velib', '--items', 'x'], 2, '--items is for addresses'],
    [['velib', '--mode', 'replay'], 2, '--mode replay needs a cassette'],
    [['velib', '--cron', '61 * * * *'], 2, 'is not a minute'],
    [['velib', '--cron', '* * * * *', '--every', '1s'], 2, 'cannot be given together'],
    [['velib', '--rate', 'fast'], 2, '"fast" is not a rate'],
    [
      ['https://a.test/x', '--header', 'Authorization: Bearer abc'],
      2,
      'the value of header authorization is written out',
    ],
    [['https://u:abc@a.test/x', '--once'], 2, 'is written out'],
    [['https://u:50%off@a.test/x', '--once'], 2, 'is written out'],
    [['https://a.test/50%', '--dry-run'], 0, 'records would go to 50'],
    [['https://a.test/x', '--header', 'X-Name: 日本'], 2, 'the value of header x-name cannot be sent'],
    [
      ['https://a.test/x', '--header', 'Authorization: Bearer ${env:NOBODY}'],
      2,
      'environment variable NOBODY is not set',
    ],
  ])('%j is exit %i', async (args, exit, text) => {
    const done = await space.run(['poll', ...args]);
    expect(done).toMatchObject({ code: exit, stderr: expect.stringContaining(text) });
  });

  it('says what to do when nobody is there', async () => {
    for (const args of [['--once'], ['--every', '1s']]) {
      const done = await space.run(['poll', 'velib', '--base-url', 'http://127.0.0.1:1', ...args]);
      expect(done.code).toBe(3);
      expect(done.stderr).toContain('127.0.0.1:1: nothing listens there');
      expect(done.stderr).toContain('--mode replay');
      expect(done.stderr).toContain('--source simulated');
    }
  });
});

describe('secrets', () => {
  const everywhere = (folder: string): string =>
    readdirSync(folder, { withFileTypes: true })
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return everywhere(path);
        const bytes = readFileSync(path);
        return bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
      })
      .join('\n');

  it('stay out of output, errors, records, recordings, states and --dry-run', async () => {
    const texts: string[] = [];
    const run = async (...args: string[]): Promise<void> => {
      const { stdout, stderr } = await space.run(['poll', ...args, '-v']);
      texts.push(stdout, stderr);
    };
    const owm = ['weather', 'Paris', '--provider', 'openweathermap', '--base-url', stub.url];
    await run(...owm, '--dry-run');
    await run(...owm, '--once', '--cassette', 'owm.cassette', '--mode', 'record', '--json');
    stub.set('/echo', { status: 500, headers: {}, body: `your key ${GOOD_KEY} is bad` });
    const echo = [
      `${stub.url}/echo`,
      '--query',
      'x=${env:AYLIEN_APP_KEY}',
      '--header',
      'X-Api-Key: ${env:AYLIEN_APP_KEY}',
    ];
    await run(...echo, '--once', '--retry', '1', '--cassette', 'echo.cassette', '--mode', 'record');
    texts.push(await space.ok('consume', 'weather', '-e', '-J'));
    expect(texts.join('\n')).toContain('appid=***');
    expect(texts.join('\n')).toContain('your key *** is bad');
    expect(texts.join('\n')).not.toContain(GOOD_KEY);
    expect(everywhere(space.folder)).not.toContain(GOOD_KEY);
    expect(existsSync(join(space.folder, 'owm.cassette'))).toBe(true);
    // The stub did get it.
    expect(stub.asked(/echo/)[0]).toMatchObject({ url: `/echo?x=${GOOD_KEY}`, headers: { 'x-api-key': GOOD_KEY } });
  });
});

describe('cassettes', () => {
  it('replay what was recorded, without any network and without a key', async () => {
    stub.fail(/v8/, apiError('yahooSymbol'), 1);
    const tape = ['--cassette', 'stocks.cassette'];
    const recorded = await poll(
      'stocks',
      'AAPL',
      '-t',
      '-',
      '--json',
      ...tape,
      '--mode',
      'record',
      '--every',
      '300ms',
      '--until',
      'count=4',
    );
    expect(recorded.code).toBe(0);
    const asked = stub.seen.length;
    const replayed = await space.run([
      'poll',
      'stocks',
      '-t',
      '-',
      '--json',
      ...tape,
      '--mode',
      'replay',
      '--speed',
      'max',
    ]);
    expect(replayed.code).toBe(0);
    expect(values(replayed.stdout)).toEqual(values(recorded.stdout));
    expect(end(replayed.stdout)).toMatchObject({ reason: 'eof', emitted: 4, failed: 1 });
    expect(stub.seen.length).toBe(asked);
    // The cassette says itself what it holds.
    const unnamed = await space.run(['poll', '-t', '-', '--json', ...tape, '--mode', 'replay', '--speed', 'max']);
    expect(values(unnamed.stdout)).toEqual(values(recorded.stdout));
    const into = await space.run([
      'poll',
      'stocks',
      ...tape,
      '--mode',
      'replay',
      '--speed',
      'max',
      '--json',
      '--until',
      'eof',
    ]);
    expect(end(into.stdout)).toMatchObject({ emitted: 4 });
    const twice = await space.run(['poll', 'stocks', ...tape, '--mode', 'replay', '--speed', 'max', '--json']);
    expect(end(twice.stdout)).toMatchObject({ emitted: 0, unchanged: 4 });
  });
});

describe('expressions', () => {
  it('judge the items', async () => {
    const args = ['velib', '-t', '-', '--once', '--json', '--expect'];
    expect((await poll(...args, 'sum(num_bikes_available) = 43')).code).toBe(0);
    expect((await poll(...args, 'sum(num_bikes_available) = 44')).code).toBe(4);
    expect(apiFixture('velib-status.json')).toContain('stationCode');
  });

  it('hold bodies against a schema', async () => {
    writeFileSync(join(space.folder, 'schema.json'), '{"type":"array","items":{"required":["colour"]}}');
    const done = await space.run([
      'poll',
      `${stub.url}/feed/all`,
      '-t',
      '-',
      '--once',
      '--retry',
      '0',
      '--schema',
      'schema.json',
    ]);
    expect(done).toMatchObject({ code: 3, stderr: expect.stringContaining('[0] has no "colour"') });
  });
});
