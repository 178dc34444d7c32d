import type { HttpHeaders } from '../../../base/http.js';

/** No server keeps us away, and no answer counts as fresh, for longer than this. */
export const MAX_STAY_AWAY_MS = 24 * 3_600_000;
/** Numbers below are seconds from now, up to the next bound epoch seconds, above it epoch milliseconds. */
const FIRST_EPOCH_SECONDS = 1e8;
const FIRST_EPOCH_MS = 1e11;

/** Epoch ms of an HTTP date in any of its three forms; undefined for anything else. @see RFC 9110, 5.6.7 */
export function parseHttpDate(text: string): number | undefined {
  // The form of asctime has no zone, and means GMT.
  const isAsctime = /^[A-Za-z]{3} [A-Za-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text.trim());
  if (!isAsctime && !/^[A-Za-z]{3,9}, \d\d?[ -][A-Za-z]{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/.test(text.trim())) {
    return undefined;
  }
  const time = Date.parse(isAsctime ? `${text.trim()} GMT` : text.trim());
  return Number.isNaN(time) ? undefined : time;
}

/**
 * How long `Retry-After` asks to wait, in ms; undefined where the header is missing or means nothing. Dates count from
 * the server's own `Date`: its clock may be off.
 * @see RFC 9110, 10.2.3
 */
export function retryAfterMs(headers: HttpHeaders, nowMs: number): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Number(text) * 1000);
  const date = parseHttpDate(text);
  return date === undefined ? undefined : bounded(date - serverNow(headers, nowMs));
}

/** For how long the answer may be used without asking again, in ms. @see RFC 9111, 4.2 */
export function freshForMs(headers: HttpHeaders, nowMs: number): number {
  const directives = cacheDirectives(headers['cache-control']);
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const maxAge = directives.get('max-age');
  if (maxAge !== undefined && /^\d+$/.test(maxAge)) {
    const age = /^\d+$/.test(headers.age ?? '') ? Number(headers.age) : 0;
    return bounded((Number(maxAge) - age) * 1000);
  }
  const expires = headers.expires === undefined ? undefined : parseHttpDate(headers.expires);
  return expires === undefined ? 0 : bounded(expires - serverNow(headers, nowMs));
}

function cacheDirectives(text = ''): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const [, name, quoted, plain] of text.matchAll(/([a-z-]+)(?:=(?:"([^"]*)"|([^\s,]*)))?/gi)) {
    directives.set(name!.toLowerCase(), quoted ?? plain ?? '');
  }
  return directives;
}

const REMAINING = ['x-ratelimit-remaining', 'ratelimit-remaining', 'x-rate-limit-remaining'];
const RESET = ['x-ratelimit-reset', 'ratelimit-reset', 'x-rate-limit-reset'];
/** Where a limit is used up and nothing says until when. */
const UNKNOWN_RESET_MS = 60_000;

/**
 * How long to stay away because the rate limit is used up, in ms; undefined while something of it is left. The reset
 * may be seconds, an epoch time in seconds or ms, an ISO time or an HTTP date: APIs do not agree.
 * @see draft-ietf-httpapi-ratelimit-headers
 */
export function usedUpForMs(headers: HttpHeaders, nowMs: number): number | undefined {
  const combined = /(?:^|[;,\s])r=(\d+)(?:.*?[;\s]t=(\d+))?/.exec(headers.ratelimit ?? '');
  if (combined) {
    if (combined[1] !== '0') return undefined;
    return combined[2] === undefined ? UNKNOWN_RESET_MS : bounded(Number(combined[2]) * 1000);
  }
  const remaining = firstOf(headers, REMAINING);
  if (remaining === undefined || !/^\d+$/.test(remaining) || Number(remaining) > 0) return undefined;
  const reset = firstOf(headers, RESET);
  return reset === undefined ? UNKNOWN_RESET_MS : (delayUntil(reset, serverNow(headers, nowMs)) ?? UNKNOWN_RESET_MS);
}

/** Delay in ms to a time in any of the spellings that APIs use; undefined for none of them. */
export function delayUntil(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    if (number < FIRST_EPOCH_SECONDS) return bounded(number * 1000);
    return bounded((number < FIRST_EPOCH_MS ? number * 1000 : number) - nowMs);
  }
  const date = parseHttpDate(trimmed) ?? (/^\d{4}-\d\d-\d\d[T ]/.test(trimmed) ? Date.parse(trimmed) : Number.NaN);
  return Number.isNaN(date) ? undefined : bounded(date - nowMs);
}

function firstOf(headers: HttpHeaders, names: readonly string[]): string | undefined {
  const name = names.find((one) => headers[one] !== undefined);
  return name === undefined ? undefined : headers[name]!.split(',')[0]!.trim();
}

function serverNow(headers: HttpHeaders, nowMs: number): number {
  return (headers.date === undefined ? undefined : parseHttpDate(headers.date)) ?? nowMs;
}

function bounded(ms: number): number {
  return Math.min(Math.max(0, Math.round(ms)), MAX_STAY_AWAY_MS);
}
