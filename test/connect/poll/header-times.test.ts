import { describe, expect, it } from 'vitest';
import {
  delayUntil,
  freshForMs,
  MAX_STAY_AWAY_MS,
  parseHttpDate,
  retryAfterMs,
  usedUpForMs,
} from '../../../src/connect/sources/poll/header-times.js';

const NOW = Date.parse('2026-08-21T12:00:00Z');

describe('times in headers', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 784111777000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 784111777000],
    ['Sun Nov  6 08:49:37 1994', 784111777000],
    ['tomorrow', undefined],
    ['2026-08-21T12:00:00Z', undefined],
  ])('reads the HTTP date %j', (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });

  it('takes Retry-After as seconds and as a date', () => {
    expect(retryAfterMs({ 'retry-after': '120' }, NOW)).toBe(120_000);
    expect(retryAfterMs({ 'retry-after': 'Fri, 21 Aug 2026 12:00:30 GMT' }, NOW)).toBe(30_000);
    expect(retryAfterMs({ 'retry-after': 'Fri, 21 Aug 2026 11:00:00 GMT' }, NOW)).toBe(0);
    expect(retryAfterMs({ 'retry-after': 'soon' }, NOW)).toBeUndefined();
    expect(retryAfterMs({}, NOW)).toBeUndefined();
    expect(retryAfterMs({ 'retry-after': '999999999' }, NOW)).toBe(MAX_STAY_AWAY_MS);
  });

  it("counts a date from the server's own clock", () => {
    const headers = { 'retry-after': 'Fri, 21 Aug 2026 13:00:10 GMT', date: 'Fri, 21 Aug 2026 13:00:00 GMT' };
    expect(retryAfterMs(headers, NOW)).toBe(10_000);
  });

  it.each([
    [{ 'cache-control': 'public, max-age=60' }, 60_000],
    [{ 'cache-control': 'max-age="60"', age: '20' }, 40_000],
    [{ 'cache-control': 'max-age=60, no-store' }, 0],
    [{ 'cache-control': 'no-cache' }, 0],
    [{ 'cache-control': 's-maxage=60' }, 0],
    [{ expires: 'Fri, 21 Aug 2026 12:01:00 GMT' }, 60_000],
    [{ expires: '0' }, 0],
    [{ 'cache-control': 'max-age=5', expires: 'Fri, 21 Aug 2026 12:01:00 GMT' }, 5_000],
    [{}, 0],
  ])('tells how long %j is fresh', (headers, expected) => {
    expect(freshForMs(headers as Record<string, string>, NOW)).toBe(expected);
  });

  it.each([
    [{ 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '30' }, undefined],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, 30_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 7) }, 7_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 7_500) }, 7_500],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-08-21 12:01:00+00:00' }, 60_000],
    [{ 'x-ratelimit-remaining': '0' }, 60_000],
    [{ ratelimit: '"default";r=0;t=12' }, 12_000],
    [{ ratelimit: '"default";r=9;t=12' }, undefined],
    [{}, undefined],
  ])('tells from %j how long to stay away', (headers, expected) => {
    expect(usedUpForMs(headers as Record<string, string>, NOW)).toBe(expected);
  });

  it('knows no delay in a word', () => {
    expect(delayUntil('later', NOW)).toBeUndefined();
  });
});
