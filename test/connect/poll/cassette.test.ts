import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { systemCompression } from '../../../src/base/compression.js';
import type { HttpClient, HttpResponse } from '../../../src/base/http.js';
import { seededRandom } from '../../../src/base/random.js';
import { addressPoll } from '../../../src/connect/sources/poll/address-poll.js';
import { CassetteFile, readCassette } from '../../../src/connect/sources/poll/cassette.js';
import { cassettePoll } from '../../../src/connect/sources/poll/cassette-poll.js';
import type { PollDefinition, PollReport } from '../../../src/connect/sources/poll/interfaces.js';
import { parseJsonPath } from '../../../src/connect/sources/poll/json-path.js';
import { livePoll } from '../../../src/connect/sources/poll/live-poll.js';
import { PollMachine } from '../../../src/connect/sources/poll/poll-machine.js';
import { headerOf, redactExchange } from '../../../src/connect/sources/poll/recording.js';
import { Validators } from '../../../src/connect/sources/poll/validators.js';
import { SimClock } from '../../support/sim-clock.js';
import { SimFiles } from '../../support/sim-files.js';

const SECRET = 'secret-key-4711';
const redact = (text: string): string => text.replaceAll(SECRET, '***');
const PATH = '/tape.cassette';

function definitionOf(): PollDefinition {
  return addressPoll(
    {
      url: `https://api.test/list?api_key=${SECRET}`,
      query: [],
      headers: { authorization: `Bearer ${SECRET}` },
      format: 'auto',
      pagination: { kind: 'next' },
      items: parseJsonPath('items'),
      key: [],
      readTime: () => 0,
      ignored: [],
      changedOnly: false,
    },
    redact,
  );
}

const ok = (body: unknown, headers: Record<string, string> = {}): HttpResponse => ({
  kind: 'response',
  status: 200,
  headers: { 'content-type': 'application/json', 'set-cookie': `s=${SECRET}`, ...headers },
  body: utf8(JSON.stringify(body)),
});

/** Records rounds of a poll that has seen everything: pages, a 304, a 429, a failure, an echoed secret. */
async function record(files: SimFiles, forMs = 35_000): Promise<readonly PollReport[]> {
  const clock = new SimClock();
  const definition = definitionOf();
  const answers: (HttpResponse | { kind: 'failure'; reason: 'broken'; message: string })[] = [
    ok({ items: [{ id: 1, echo: SECRET }], next: '/list?o=1' }),
    ok({ items: [{ id: 2 }] }, { location: `https://x/?token=${SECRET}`, etag: '"2"' }),
    { kind: 'response', status: 429, headers: { 'retry-after': '1' }, body: utf8('slow down') },
    { kind: 'failure', reason: 'broken', message: `broke off near ${SECRET}` },
    ok({ items: [{ id: 3 }] }),
    { kind: 'response', status: 404, headers: {}, body: utf8(`no ${SECRET}`) },
    {
      kind: 'response',
      status: 200,
      headers: { 'content-type': 'image/png' },
      body: Uint8Array.from([0xff, 0x00, 0x80]),
    },
  ];
  let n = 0;
  const http: HttpClient = {
    async send() {
      await clock.sleep(50);
      return answers[Math.min(n++, answers.length - 1)]!;
    },
  };
  const policy = {
    schedule: { kind: 'every', everyMs: 10_000, jitter: 0 },
    maxPages: 5,
    retry: { count: 2, baseMs: 10, capMs: 10 },
    timeoutMs: 1,
    maxBodyBytes: 1,
    headers: {},
  } as const;
  const machine = new PollMachine(definition, policy, seededRandom(1), new Validators((text) => text), redact);
  const file = await CassetteFile.open(
    files,
    PATH,
    systemCompression,
    headerOf(definition, 'https://api.test/list', {}, redact),
  );
  const abort = new AbortController();
  const reports: PollReport[] = [];
  const running = (async () => {
    const save = (exchange: Parameters<typeof redactExchange>[0], meaning: PollReport['kind']): void =>
      file.add(redactExchange(exchange, meaning, redact));
    for await (const report of livePoll(machine, { clock, http, policy, signal: abort.signal, record: save })) {
      if (report.kind !== 'wait') reports.push(report);
    }
  })();
  await clock.advance(forMs);
  abort.abort();
  await clock.advance(100);
  await running;
  return reports;
}

async function replay(files: SimFiles, speed: number, maxGapMs = Number.POSITIVE_INFINITY) {
  const clock = new SimClock();
  const startMs = clock.elapsed();
  const cassette = await readCassette(files, PATH, systemCompression);
  const reports: PollReport[] = [];
  const pagesAtMs: number[] = [];
  const running = (async () => {
    const options = { clock, signal: new AbortController().signal, speed, maxGapMs };
    for await (const report of cassettePoll(definitionOf(), cassette, options)) {
      if (report.kind === 'page') pagesAtMs.push(clock.elapsed() - startMs);
      if (report.kind !== 'wait') reports.push(report);
    }
  })();
  await clock.advance(speed === Number.POSITIVE_INFINITY ? 0 : 100_000);
  await running;
  return { reports, pagesAtMs, cassette };
}

const items = (reports: readonly PollReport[]): unknown[] =>
  reports.flatMap((report) => (report.kind === 'page' ? report.content.items : []));
const kinds = (reports: readonly PollReport[]): string[] => reports.map(({ kind }) => kind);

describe('cassettes', () => {
  it('give again what was recorded, in order, with the same meaning', async () => {
    const files = new SimFiles();
    const live = await record(files);
    const { reports } = await replay(files, Number.POSITIVE_INFINITY);
    expect(kinds(live)).toEqual(expect.arrayContaining(['page', 'retry', 'failed', 'round']));
    // A round that was not over when the recording ended is over with it.
    expect(kinds(reports).slice(0, live.length)).toEqual(kinds(live));
    expect(items(reports)).toEqual(JSON.parse(redact(JSON.stringify(items(live)))));
  });

  it('keep the gaps, at any speed, up to a bound', async () => {
    const files = new SimFiles();
    await record(files);
    const original = await replay(files, 1);
    expect(original.pagesAtMs[0]).toBe(0);
    expect(original.pagesAtMs[1]).toBe(50);
    expect(original.pagesAtMs[2]).toBeGreaterThan(11_000);
    const fast = await replay(files, 10);
    expect(fast.pagesAtMs[2]!).toBeCloseTo(original.pagesAtMs[2]! / 10, 0);
    const capped = await replay(files, 1, 100);
    expect(capped.pagesAtMs[2]!).toBeLessThanOrEqual(450);
  });

  it('hold no secret, neither in addresses and headers nor in bodies and messages', async () => {
    const files = new SimFiles();
    await record(files);
    const { cassette } = await replay(files, Number.POSITIVE_INFINITY);
    const text = JSON.stringify(cassette, (_, value: unknown) =>
      value instanceof Uint8Array ? fromUtf8(value) : value,
    );
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('set-cookie');
    expect(cassette.exchanges[0]!.request).toMatchObject({
      url: 'https://api.test/list?api_key=***',
      headers: { authorization: '***' },
    });
    expect(cassette.header.feeds[0]!.url).toBe('https://api.test/list?api_key=***');
  });

  it('keep bodies that are no text', async () => {
    const files = new SimFiles();
    await record(files, 45_000);
    const { cassette } = await replay(files, Number.POSITIVE_INFINITY);
    const binary = cassette.exchanges
      .map(({ outcome }) => outcome)
      .filter((one) => one.kind === 'response' && one.headers['content-type'] === 'image/png');
    expect(binary.length).toBeGreaterThan(0);
    expect(binary[0]).toMatchObject({ body: Uint8Array.from([0xff, 0x00, 0x80]) });
  });

  it('are gzip: one member per exchange', async () => {
    const files = new SimFiles();
    await record(files);
    const bytes = files.readFile(PATH);
    const plain = fromUtf8(systemCompression.decompress('gzip', bytes, 1_000_000));
    expect(plain.split('\n')[0]).toContain('"kind":"cassette"');
    files.replaceFile('/plain.ndjson', utf8(plain));
    const again = await readCassette(files, '/plain.ndjson', systemCompression);
    expect(again.exchanges).toEqual((await readCassette(files, PATH, systemCompression)).exchanges);
  });

  it('lose at most the exchange in which the recording was cut off, and go on behind it', async () => {
    const files = new SimFiles();
    await record(files);
    const whole = files.readFile(PATH);
    const { exchanges } = await readCassette(files, PATH, systemCompression);
    for (let cut = 1; cut < 120; cut += 7) {
      files.replaceFile(PATH, whole.slice(0, whole.length - cut));
      const torn = await readCassette(files, PATH, systemCompression);
      expect(torn.exchanges).toEqual(exchanges.slice(0, torn.exchanges.length));
      expect(torn.exchanges.length).toBeGreaterThanOrEqual(exchanges.length - 2);
    }
    const before = (await readCassette(files, PATH, systemCompression)).exchanges.length;
    await record(files);
    const after = await readCassette(files, PATH, systemCompression);
    expect(after.tornBytes).toBe(0);
    expect(after.exchanges.length).toBe(before + exchanges.length);
  });

  it('that somebody unpacked are read, and left as they are', async () => {
    const files = new SimFiles();
    await record(files);
    const packed = await readCassette(files, PATH, systemCompression);
    const plain = gunzipSync(files.readFile(PATH));
    files.replaceFile(PATH, plain);
    expect(await readCassette(files, PATH, systemCompression)).toEqual(packed);
    await expect(record(files)).rejects.toThrow(/is not compressed/);
    expect(files.readFile(PATH)).toEqual(new Uint8Array(plain));
    // By gzip itself, in one piece.
    files.replaceFile(PATH, gzipSync(plain));
    await record(files);
    const more = await readCassette(files, PATH, systemCompression);
    expect(more.exchanges.length).toBe(2 * packed.exchanges.length);
  });

  it('are not mixed up with other things', async () => {
    const files = new SimFiles();
    await record(files);
    const other = { ...headerOf(definitionOf(), 'https://other.test/', {}, redact) };
    await expect(CassetteFile.open(files, PATH, systemCompression, other)).rejects.toThrow(
      /holds a recording of something else/,
    );
    files.replaceFile('/x', utf8('{"a":1}\n'));
    await expect(readCassette(files, '/x', systemCompression)).rejects.toThrow(/is not a cassette/);
    files.replaceFile('/y', utf8('hello'));
    await expect(readCassette(files, '/y', systemCompression)).rejects.toThrow(/line 1 is not JSON/);
    await expect(readCassette(files, '/none', systemCompression)).rejects.toThrow(/does not exist/);
  });
});
