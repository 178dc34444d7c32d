import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import type { HttpClient, HttpFailure, HttpRequest, HttpResponse } from '../../../src/base/http.js';
import { seededRandom } from '../../../src/base/random.js';
import { addressPoll } from '../../../src/connect/sources/poll/address-poll.js';
import { parseCron } from '../../../src/connect/sources/poll/cron.js';
import type { Feed, PollDefinition, PollReport } from '../../../src/connect/sources/poll/interfaces.js';
import { parseJsonPath } from '../../../src/connect/sources/poll/json-path.js';
import { livePoll } from '../../../src/connect/sources/poll/live-poll.js';
import { readPage } from '../../../src/connect/sources/poll/page-reader.js';
import type { Pagination } from '../../../src/connect/sources/poll/pagination.js';
import { PollMachine, type PollPolicy } from '../../../src/connect/sources/poll/poll-machine.js';
import { Validators } from '../../../src/connect/sources/poll/validators.js';
import { SimClock } from '../../support/sim-clock.js';

const START = Date.parse('2026-08-21T12:00:00Z');
const TOOK_MS = 100;
type Outcome = HttpResponse | HttpFailure;

const ok = (body: unknown, headers: Record<string, string> = {}): HttpResponse => ({
  kind: 'response',
  status: 200,
  headers,
  body: utf8(typeof body === 'string' ? body : JSON.stringify(body)),
});
const status = (code: number, headers: Record<string, string> = {}, body = ''): HttpResponse => ({
  kind: 'response',
  status: code,
  headers,
  body: utf8(body),
});
const failure = (reason: HttpFailure['reason']): HttpFailure => ({ kind: 'failure', reason, message: 'no luck' });

interface Scene {
  readonly policy?: Partial<PollPolicy>;
  readonly feeds?: readonly Feed[];
  readonly pagination?: Pagination;
  /** Gives the answer to request number `n` (from 0). */
  readonly answer: (request: HttpRequest, n: number, nowMs: number) => Outcome;
  readonly forMs: number;
}

interface Seen {
  readonly requests: readonly {
    readonly atMs: number;
    readonly url: string;
    readonly headers: HttpRequest['headers'];
  }[];
  readonly reports: readonly PollReport[];
  readonly of: (kind: PollReport['kind']) => readonly PollReport[];
}

/** Plays a poll on a clock of its own; every exchange takes 100 ms. */
async function play(scene: Scene): Promise<Seen> {
  const clock = new SimClock(START);
  const requests: { atMs: number; url: string; headers: HttpRequest['headers'] }[] = [];
  const http: HttpClient = {
    async send(request) {
      requests.push({ atMs: clock.now() - START, url: request.url, headers: request.headers });
      const outcome = scene.answer(request, requests.length - 1, clock.now());
      await clock.sleep(TOOK_MS);
      return outcome;
    },
  };
  const made = addressPoll(
    {
      url: 'https://api.test/list',
      query: [],
      headers: { accept: 'a' },
      format: 'auto',
      pagination: scene.pagination ?? { kind: 'none' },
      items: parseJsonPath('items'),
      key: [],
      readTime: () => 0,
      ignored: [],
      changedOnly: false,
    },
    (text) => text,
  );
  const definition: PollDefinition = scene.feeds ? { ...made, feeds: scene.feeds } : made;
  const policy: PollPolicy = {
    schedule: { kind: 'every', everyMs: 10_000, jitter: 0 },
    maxPages: 10,
    retry: { count: 3, baseMs: 1000, capMs: 8000 },
    timeoutMs: 30_000,
    maxBodyBytes: 1_000_000,
    headers: { 'user-agent': 'test' },
    ...scene.policy,
  };
  const redact = (text: string): string => text;
  const machine = new PollMachine(definition, policy, seededRandom(11), new Validators((text) => text), redact);
  const abort = new AbortController();
  const reports: PollReport[] = [];
  const running = (async () => {
    for await (const report of livePoll(machine, { clock, http, policy, signal: abort.signal })) reports.push(report);
  })();
  await clock.advance(scene.forMs);
  abort.abort();
  await clock.advance(TOOK_MS);
  await running;
  return { requests, reports, of: (kind) => reports.filter((report) => report.kind === kind) };
}

const times = ({ requests }: Seen): number[] => requests.map(({ atMs }) => atMs);
const one = { items: [{ id: 1 }] };

describe('when it polls', () => {
  it('keeps the interval from start to start', async () => {
    expect(times(await play({ answer: () => ok(one), forMs: 35_000 }))).toEqual([0, 10_000, 20_000, 30_000]);
  });

  it('moves by the jitter at most', async () => {
    const schedule = { kind: 'every', everyMs: 10_000, jitter: 0.2 } as const;
    const seen = times(await play({ policy: { schedule }, answer: () => ok(one), forMs: 300_000 }));
    expect(seen.length).toBeGreaterThan(28);
    seen.forEach((at, round) => {
      expect(Math.abs(at - round * 10_000)).toBeLessThanOrEqual(2000);
    });
    expect(new Set(seen.map((at) => at % 10_000)).size).toBeGreaterThan(10);
  });

  it('follows a calendar', async () => {
    const schedule = { kind: 'cron', cron: parseCron('*/15 * * * *') } as const;
    expect(times(await play({ policy: { schedule }, answer: () => ok(one), forMs: 31 * 60_000 }))).toEqual([
      0, 900_000, 1_800_000,
    ]);
  });

  it('polls once and ends', async () => {
    const seen = await play({ policy: { schedule: { kind: 'once' } }, answer: () => ok(one), forMs: 60_000 });
    expect(seen.reports.map(({ kind }) => kind)).toEqual(['page', 'round']);
  });

  it('does not ask again while an answer is fresh', async () => {
    const seen = await play({ answer: () => ok(one, { 'cache-control': 'max-age=25' }), forMs: 80_000 });
    expect(times(seen)).toEqual([0, 25_100, 50_200, 75_300]);
  });

  it('leaves out what is fresh and asks for the rest', async () => {
    const feeds = ['a', 'b'].map((id): Feed => ({ id, url: `https://api.test/${id}`, headers: {}, parameters: {} }));
    const answer: Scene['answer'] = ({ url }) => ok(one, url.endsWith('b') ? { 'cache-control': 'max-age=25' } : {});
    const seen = await play({ feeds, answer, forMs: 35_000 });
    expect(seen.requests.filter(({ url }) => url.endsWith('a')).map(({ atMs }) => atMs)).toEqual([
      0, 10_000, 20_000, 30_000,
    ]);
    expect(seen.requests.filter(({ url }) => url.endsWith('b')).map(({ atMs }) => atMs)).toEqual([100, 30_100]);
  });

  it('asks for a slow feed less often', async () => {
    const url = 'https://api.test/';
    const feeds: Feed[] = [
      { id: 'names', url: `${url}n`, headers: {}, parameters: {}, isLookup: true, everyMs: 20_000 },
      { id: 'data', url: `${url}d`, headers: {}, parameters: {} },
    ];
    const seen = await play({ feeds, answer: () => ok(one), forMs: 45_000 });
    expect(seen.requests.filter((request) => request.url.endsWith('n')).map(({ atMs }) => atMs)).toEqual([
      0, 20_000, 40_000,
    ]);
  });
});

describe('limits', () => {
  const feeds = ['a', 'b', 'c', 'd', 'e'].map(
    (id): Feed => ({ id, url: `https://api.test/${id}`, headers: {}, parameters: {} }),
  );

  it('keeps the rate of a host', async () => {
    const seen = await play({
      feeds,
      policy: { rate: { count: 2, windowMs: 3000 } },
      answer: () => ok(one),
      forMs: 9_000,
    });
    expect(times(seen)).toEqual([0, 100, 3000, 3100, 6000]);
  });

  it('counts each host for itself', async () => {
    const two = [feeds[0]!, { ...feeds[1]!, url: 'https://other.test/b' }];
    const seen = await play({
      feeds: two,
      policy: { rate: { count: 1, windowMs: 5000 } },
      answer: () => ok(one),
      forMs: 4_000,
    });
    expect(times(seen)).toEqual([0, 100]);
  });

  it('stays away when the limit is used up, until it is reset', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7' };
    const seen = await play({
      feeds: feeds.slice(0, 2),
      answer: (_, n) => ok(one, n === 0 ? headers : {}),
      forMs: 9_000,
    });
    expect(times(seen)).toEqual([0, 7100]);
  });

  it.each([
    ['seconds', { 'retry-after': '25' }],
    ['a date', { 'retry-after': 'Fri, 21 Aug 2026 12:00:25 GMT', date: 'Fri, 21 Aug 2026 12:00:00 GMT' }],
  ])('honours Retry-After as %s', async (_, headers) => {
    const seen = await play({ answer: (_request, n) => (n === 0 ? status(429, headers) : ok(one)), forMs: 29_000 });
    expect(times(seen)).toEqual([0, 25_100]);
    expect(seen.of('retry')).toHaveLength(1);
    expect(seen.of('failed')).toHaveLength(0);
  });

  it('stays away longer each time when a 429 says nothing', async () => {
    const seen = await play({ answer: () => status(429), forMs: 400_000 });
    expect(times(seen).slice(0, 4)).toEqual([0, 30_100, 90_200, 210_300]);
  });

  it('does not outsit a long pause when it polls once', async () => {
    const policy = { schedule: { kind: 'once' } } as const;
    const seen = await play({ policy, answer: () => status(429, { 'retry-after': '3600' }), forMs: 10_000 });
    expect(seen.reports.map(({ kind }) => kind)).toEqual(['failed', 'round']);
  });
});

describe('what fails', () => {
  it('is tried again with growing, random delays, and then given up until the next round', async () => {
    const seen = await play({ answer: () => status(503), forMs: 9_000, policy: { schedule: { kind: 'once' } } });
    expect(seen.of('retry')).toHaveLength(3);
    expect(seen.of('failed')).toMatchObject([{ problem: { what: 'status', status: 503 } }]);
    const delays = seen.of('retry').map((report) => (report.kind === 'retry' ? report.delayMs : 0));
    delays.forEach((delay, index) => {
      expect(delay).toBeLessThanOrEqual(1000 * 2 ** index);
    });
    expect(times(seen)).toHaveLength(4);
  });

  it.each([
    ['500', status(500), true],
    ['408', status(408), true],
    ['a time-out', failure('timeout'), true],
    ['a broken answer', failure('broken'), true],
    ['a body that is no JSON', ok('{"items": ['), true],
    ['400', status(400), false],
    ['401', status(401), false],
    ['404', status(404), false],
    ['501', status(501), false],
    ['a body that is too large', failure('too-large'), false],
    ['304 without a condition', status(304), false],
  ])('%s', async (_, outcome, retried) => {
    const seen = await play({ answer: (_request, n) => (n === 0 ? outcome : ok(one)), forMs: 9_000 });
    expect(seen.of('retry')).toHaveLength(retried ? 1 : 0);
    expect(seen.of('failed')).toHaveLength(retried ? 0 : 1);
    expect(seen.of('page')).toHaveLength(retried ? 1 : 0);
  });

  it('tries a host twice more that never answered, not more', async () => {
    const seen = await play({
      answer: () => failure('unreachable'),
      forMs: 9_900,
      policy: { retry: { count: 9, baseMs: 100, capMs: 100 } },
    });
    expect(times(seen)).toHaveLength(3);
  });

  it('does not stop the next round', async () => {
    const seen = await play({ answer: (_, n) => (n < 4 ? status(500) : ok(one)), forMs: 31_000 });
    expect(seen.of('failed')).toHaveLength(1);
    expect(seen.of('page').length).toBeGreaterThanOrEqual(2);
  });

  it('opens the circuit: a dead host is left alone, then tried once', async () => {
    const policy = {
      schedule: { kind: 'every', everyMs: 1000, jitter: 0 },
      retry: { count: 0, baseMs: 1, capMs: 1 },
    } as const;
    const seen = await play({ policy, answer: (_, n) => (n < 11 ? status(500) : ok(one)), forMs: 110_000 });
    const asked = times(seen);
    expect(asked.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => second * 1000));
    // After half a minute one request, which fails: a whole minute then.
    expect(asked[10]).toBe(40_000);
    expect(asked[11]).toBe(101_000);
    expect(asked[12]).toBe(102_000);
    const skipped = seen.of('failed').filter((report) => report.kind === 'failed' && report.problem.what === 'circuit');
    expect(skipped.length).toBeGreaterThan(80);
  });
});

describe('conditional requests', () => {
  it('send validators, and a 304 emits nothing', async () => {
    const headers = { etag: '"v1"', 'last-modified': 'Fri, 21 Aug 2026 11:00:00 GMT' };
    const seen = await play({ answer: (_, n) => (n === 0 ? ok(one, headers) : status(304, headers)), forMs: 15_000 });
    expect(seen.requests[0]!.headers).not.toHaveProperty('if-none-match');
    expect(seen.requests[1]!.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Fri, 21 Aug 2026 11:00:00 GMT',
    });
    expect(seen.reports.map(({ kind }) => kind).filter((kind) => kind !== 'wait')).toEqual([
      'page',
      'round',
      'not-modified',
      'round',
    ]);
  });

  it('go on through pages that did not change', async () => {
    const answer: Scene['answer'] = ({ url, headers }) => {
      if (headers['if-none-match'] === '"1"') return status(304);
      return url.includes('offset=1')
        ? ok({ items: [{ id: 2 }] }, { etag: '"2"' })
        : ok({ items: [{ id: 1 }], next: '/list?offset=1' }, { etag: '"1"' });
    };
    const seen = await play({ pagination: { kind: 'next' }, answer, forMs: 11_000 });
    expect(seen.requests.map(({ url }) => url.slice('https://api.test'.length))).toEqual([
      '/list',
      '/list?offset=1',
      '/list',
      '/list?offset=1',
    ]);
    expect(seen.of('not-modified')).toHaveLength(1);
  });
});

describe('pages and redirects', () => {
  const endless: Scene['answer'] = ({ url }) => {
    const page = Number(new URL(url).searchParams.get('p') ?? 1);
    return ok({ items: [{ id: page }], next: `/list?p=${page + 1}` });
  };

  it('read pages up to the bound, and say that there were more', async () => {
    const seen = await play({ pagination: { kind: 'next' }, policy: { maxPages: 4 }, answer: endless, forMs: 5_000 });
    expect(seen.of('page')).toHaveLength(4);
    expect(seen.of('page').at(-1)).toMatchObject({ isCut: true });
  });

  it('do not run in circles', async () => {
    const seen = await play({
      pagination: { kind: 'next' },
      answer: () => ok({ items: [{}], next: '/list' }),
      forMs: 5_000,
    });
    expect(seen.of('page')).toHaveLength(1);
    expect(seen.of('failed')).toMatchObject([{ problem: { what: 'pagination' } }]);
  });

  it('try a page again, not all of them', async () => {
    let failed = false;
    const answer: Scene['answer'] = (request, n, nowMs) => {
      if (request.url.includes('p=3') && !failed) {
        failed = true;
        return status(502);
      }
      return endless(request, n, nowMs);
    };
    const seen = await play({ pagination: { kind: 'next' }, policy: { maxPages: 4 }, answer, forMs: 9_000 });
    const ids = seen.of('page').flatMap((report) => (report.kind === 'page' ? report.content.items : []));
    expect(ids).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  });

  it('follow redirects on the host, five at most', async () => {
    const hop = ({ url }: HttpRequest): HttpResponse => {
      const n = Number(new URL(url).searchParams.get('n') ?? 0);
      return n === 5 ? ok(one) : status(302, { location: `/list?n=${n + 1}` });
    };
    const good = await play({ answer: hop, forMs: 5_000 });
    expect(good.of('redirect')).toHaveLength(5);
    expect(good.of('page')).toHaveLength(1);
    const loop = await play({ answer: () => status(301, { location: '/list' }), forMs: 5_000 });
    expect(loop.of('failed')).toMatchObject([
      { problem: { what: 'redirect', message: expect.stringContaining('more than 5') } },
    ]);
  });

  it.each([
    ['from https to http', 'http://api.test/list', /would leave https/],
    ['to another host with a key in the address', 'https://evil.test/?api_key=1', /carry credentials/],
    ['to no address', 'https://[', /is not an address/],
  ])('are not followed %s', async (_, location, message) => {
    const seen = await play({ answer: () => status(302, { location }), forMs: 5_000 });
    expect(seen.of('failed')).toMatchObject([
      { problem: { what: 'redirect', message: expect.stringMatching(message) } },
    ]);
    expect(seen.requests).toHaveLength(1);
  });

  it('leave credentials behind on the way to another host', async () => {
    const feed: Feed = {
      id: 'x',
      url: 'https://api.test/x',
      headers: { authorization: 'Bearer secret' },
      parameters: {},
    };
    const answer: Scene['answer'] = ({ url }) =>
      url.includes('api.test') ? status(307, { location: 'https://cdn.test/x' }) : ok(one);
    const seen = await play({ feeds: [feed], answer, forMs: 5_000 });
    expect(seen.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['https://api.test/x', 'Bearer secret'],
      ['https://cdn.test/x', undefined],
    ]);
  });
});

describe('an address that counts', () => {
  const definition = (items?: string): PollDefinition =>
    addressPoll(
      {
        url: 'https://api.test/list?offset=0&limit=2',
        query: [],
        headers: {},
        format: 'auto',
        pagination: { kind: 'auto' },
        ...(items === undefined ? {} : { items: parseJsonPath(items) }),
        key: [],
        readTime: () => 0,
        ignored: [],
        changedOnly: false,
      },
      (text) => text,
    );
  const next = (items?: string) => {
    const made = definition(items);
    const [feed] = made.feeds;
    return readPage(made, feed!, feed!.url, ok({ total_count: 5, results: [{ id: 1 }, { id: 2 }] })).next;
  };

  it('is followed by the items, and not by the bodies where nobody says what the items are', () => {
    expect(next('results')).toEqual({ url: 'https://api.test/list?offset=2&limit=2' });
    expect(next()).toEqual({});
  });
});

describe('a restart', () => {
  it('keeps the pauses that hosts asked for', () => {
    const definition = { name: 'x', feeds: [{ id: 'x', url: 'https://api.test/x', headers: {}, parameters: {} }] };
    const make = (): PollMachine =>
      new PollMachine(
        {
          ...definition,
          format: 'json',
          pagination: { kind: 'none' },
          items: () => ({ items: [] }),
          rules: {} as never,
          fingerprint: '',
        },
        {
          schedule: { kind: 'every', everyMs: 1000, jitter: 0 },
          maxPages: 1,
          retry: { count: 1, baseMs: 1, capMs: 1 },
          timeoutMs: 1,
          maxBodyBytes: 1,
          headers: {},
        },
        seededRandom(1),
        new Validators((text) => text),
        (text) => text,
      );
    const before = make();
    expect(before.next(START).kind).toBe('send');
    before.answer(START, status(429, { 'retry-after': '600' }));
    const after = make();
    after.restoreHolds(before.holds(START), START);
    expect(after.next(START + 1000)).toEqual({ kind: 'wait', untilMs: START + 600_000, why: 'hold' });
    // Kept by a clock that was years ahead.
    const set = make();
    set.restoreHolds({ 'api.test': START + 1e12, 'gone.test': START - 1 }, START);
    expect(set.next(START)).toEqual({ kind: 'wait', untilMs: START + 86_400_000, why: 'hold' });
    expect(Object.keys(set.holds(START))).toEqual(['api.test']);
  });
});
