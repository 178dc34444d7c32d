import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.js';
import { fullJitterMs } from '../../../src/connect/sources/poll/backoff.js';
import { CircuitBreaker } from '../../../src/connect/sources/poll/circuit-breaker.js';
import { parseCron } from '../../../src/connect/sources/poll/cron.js';
import { HostPolicy } from '../../../src/connect/sources/poll/host-policy.js';
import { parseRate, RateLimit } from '../../../src/connect/sources/poll/rate-limit.js';
import { Ticker } from '../../../src/connect/sources/poll/schedule.js';

describe('rate limit', () => {
  it.each([
    ['60/m', 60, 60_000],
    ['10/s', 10, 1000],
    ['5/10s', 5, 10_000],
    ['1000/d', 1000, 86_400_000],
    ['2/min', 2, 60_000],
  ])('reads %s', (text, count, windowMs) => {
    expect(parseRate(text)).toEqual({ count, windowMs });
  });

  it.each(['60', '0/m', '60/x', 'm/60', '-1/s', '1/0s'])('refuses %s', (text) => {
    expect(() => parseRate(text)).toThrow(/is not a rate/);
  });

  it('never lets more through in any window, wherever it begins, and wastes none', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 7 }), (waits, count) => {
        const limit = new RateLimit({ count, windowMs: 1000 });
        const sent: number[] = [];
        let nowMs = 0;
        for (const wait of waits) {
          nowMs = Math.max(nowMs + wait, limit.readyAt());
          limit.sent(nowMs);
          sent.push(nowMs);
        }
        for (const [index, start] of sent.entries()) {
          const inside = sent.slice(index).filter((time) => time < start + 1000);
          expect(inside.length).toBeLessThanOrEqual(count);
        }
      }),
    );
  });
});

describe('backoff', () => {
  it('draws from nothing to the doubled bound, reproducibly', () => {
    const policy = { count: 5, baseMs: 500, capMs: 4000 };
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return [1, 2, 3, 4, 5, 6].map((attempt) => fullJitterMs(attempt, policy, random));
    };
    expect(draw(3)).toEqual(draw(3));
    for (let seed = 0; seed < 200; seed++) {
      draw(seed).forEach((delay, index) => {
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(4000, 500 * 2 ** index));
      });
    }
    const high = { next: () => 0.999999, below: () => 0 };
    expect([1, 2, 3, 4, 5].map((attempt) => fullJitterMs(attempt, policy, high))).toEqual([
      500, 1000, 2000, 4000, 4000,
    ]);
  });
});

describe('circuit', () => {
  it('opens after ten failures, lets one through after the pause, and doubles the pause when it fails', () => {
    const circuit = new CircuitBreaker();
    for (let failure = 1; failure < 10; failure++) circuit.failed(0);
    expect(circuit.openUntil(0)).toBeUndefined();
    circuit.failed(0);
    expect(circuit.openUntil(1)).toBe(30_000);
    expect(circuit.openUntil(30_000)).toBeUndefined();
    circuit.failed(30_000);
    expect(circuit.openUntil(30_001)).toBe(90_000);
    circuit.succeeded();
    expect(circuit.openUntil(30_002)).toBeUndefined();
    circuit.failed(40_000);
    expect(circuit.openUntil(40_001)).toBeUndefined();
  });

  it('pauses a quarter of an hour at most', () => {
    const circuit = new CircuitBreaker();
    let nowMs = 0;
    let longestMs = 0;
    for (let failure = 0; failure < 40; failure++) {
      circuit.failed(nowMs);
      const untilMs = circuit.openUntil(nowMs) ?? nowMs;
      longestMs = Math.max(longestMs, untilMs - nowMs);
      nowMs = untilMs;
    }
    expect(longestMs).toBe(15 * 60_000);
  });
});

describe('throttled host', () => {
  it('stays away as long as it is told, or longer each time when it is not', () => {
    const host = new HostPolicy(undefined);
    host.throttled(0, undefined);
    expect(host.waitFor(0)).toEqual({ untilMs: 30_000, why: 'hold' });
    host.throttled(30_000, undefined);
    expect(host.waitFor(30_000)).toEqual({ untilMs: 90_000, why: 'hold' });
    host.succeeded();
    host.throttled(100_000, 5_000);
    expect(host.waitFor(100_000)).toEqual({ untilMs: 105_000, why: 'hold' });
  });
});

describe('schedule', () => {
  it('keeps its beat: slow rounds leave beats out, nothing drifts', () => {
    const ticker = new Ticker({ kind: 'every', everyMs: 1000, jitter: 0 }, seededRandom(1));
    expect(ticker.first(500)).toBe(500);
    expect(ticker.after(600)).toBe(1500);
    expect(ticker.after(1510)).toBe(2500);
    expect(ticker.after(5700)).toBe(6500);
    expect(ticker.after(6500)).toBe(7500);
  });

  it('moves each round by the jitter at most, around the same beat after a thousand rounds', () => {
    const ticker = new Ticker({ kind: 'every', everyMs: 1000, jitter: 0.1 }, seededRandom(5));
    let nowMs = ticker.first(0);
    const moved = new Set<number>();
    for (let round = 1; round <= 1000; round++) {
      nowMs = ticker.after(nowMs)!;
      expect(Math.abs(nowMs - round * 1000)).toBeLessThanOrEqual(100);
      moved.add(nowMs - round * 1000);
    }
    expect(moved.size).toBeGreaterThan(100);
  });

  it('is over after one round when asked for once', () => {
    expect(new Ticker({ kind: 'once' }, seededRandom(1)).after(0)).toBeUndefined();
  });
});

describe('cron', () => {
  const next = (line: string, after: string, zone?: string): string =>
    new Date(parseCron(line, zone).next(Date.parse(after))).toISOString();

  it.each([
    ['*/10 * * * *', '2026-08-21T12:00:00Z', '2026-08-21T12:10:00.000Z'],
    ['*/10 * * * *', '2026-08-21T12:09:59.999Z', '2026-08-21T12:10:00.000Z'],
    ['30 8-18/2 * * mon-fri', '2026-08-21T18:31:00Z', '2026-08-24T08:30:00.000Z'],
    ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 12 13 * fri', '2026-08-12T12:00:00Z', '2026-08-13T12:00:00.000Z'],
    ['0 12 13 * fri', '2026-08-13T12:00:00Z', '2026-08-14T12:00:00.000Z'],
    ['0 0 * * 7', '2026-08-21T00:00:00Z', '2026-08-23T00:00:00.000Z'],
    ['@hourly', '2026-08-21T12:00:00Z', '2026-08-21T13:00:00.000Z'],
    ['15,45 * * * *', '2026-12-31T23:45:00Z', '2027-01-01T00:15:00.000Z'],
  ])('%s after %s is %s', (line, after, expected) => {
    expect(next(line, after)).toBe(expected);
  });

  it('means the clock of the zone, summer and winter', () => {
    expect(next('0 8 * * *', '2026-07-01T00:00:00Z', 'Europe/Paris')).toBe('2026-07-01T06:00:00.000Z');
    expect(next('0 8 * * *', '2026-01-01T00:00:00Z', 'Europe/Paris')).toBe('2026-01-01T07:00:00.000Z');
    expect(next('0 1 * * *', '2026-07-01T00:00:00Z', '+02:00')).toBe('2026-07-01T23:00:00.000Z');
  });

  it.each([
    '* * * *',
    '60 * * * *',
    '* * 0 * *',
    'x * * * *',
    '*/0 * * * *',
    '5-1 * * * *',
    '0 0 31 feb *',
    '1/2/3 * * * *',
  ])('refuses %s', (line) => {
    expect(() => parseCron(line)).toThrow(/cron|is not a|never comes/);
  });

  it('never gives a time twice or steps back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (second) => {
        const cron = parseCron('*/7 3,9 * * *', 'Europe/Paris');
        const first = cron.next(second * 1000);
        expect(first).toBeGreaterThan(second * 1000);
        expect(cron.next(first)).toBeGreaterThan(first);
        expect(cron.next(first - 1)).toBe(first);
      }),
      { numRuns: 30 },
    );
  });
});
