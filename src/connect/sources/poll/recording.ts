import { fromUtf8, utf8 } from '../../../base/bytes.js';
import type { HttpFailure, HttpHeaders, HttpResponse } from '../../../base/http.js';
import { CASSETTE_VERSION, type CassetteHeader, type CassetteReading, type RecordedExchange } from './cassette.js';
import { type Redact, redactHeaders, redactUrl } from './credentials.js';
import type { Exchange, PollDefinition, PollReport } from './interfaces.js';

/** Headers of answers that say nothing about a replayed body, or too much about us. */
const LEFT_OUT = new Set([
  'set-cookie',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
]);

/** First line of a recording of `definition`. */
export function headerOf(
  definition: PollDefinition,
  source: string,
  parameters: CassetteHeader['parameters'],
  redact: Redact,
  reading?: CassetteReading,
): CassetteHeader {
  return {
    kind: 'cassette',
    version: CASSETTE_VERSION,
    source: redact(source),
    parameters,
    ...(reading ? { reading } : {}),
    feeds: definition.feeds.map(({ id, url, parameters: known, isLookup }) => ({
      id,
      url: redactUrl(url, redact),
      parameters: known,
      ...(isLookup ? { isLookup } : {}),
    })),
  };
}

/** An exchange without anything secret: addresses, headers and bodies are searched. */
export function redactExchange(exchange: Exchange, meaning: PollReport['kind'], redact: Redact): RecordedExchange {
  const { feed, round, page, url, headers, sentMs, tookMs, outcome } = exchange;
  return {
    kind: 'exchange',
    atMs: sentMs,
    tookMs,
    round,
    page,
    feed: feed.id,
    meaning,
    request: { url: redactUrl(url, redact), headers: redactHeaders(headers, redact) },
    outcome: redactOutcome(outcome, redact),
  };
}

function redactOutcome(outcome: HttpResponse | HttpFailure, redact: Redact): HttpResponse | HttpFailure {
  if (outcome.kind === 'failure') return { ...outcome, message: redact(outcome.message) };
  return { ...outcome, headers: safeHeaders(outcome.headers, redact), body: safeBody(outcome.body, redact) };
}

function safeHeaders(headers: HttpHeaders, redact: Redact): HttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !LEFT_OUT.has(name));
  return redactHeaders(Object.fromEntries(kept), (text) =>
    /^https?:/.test(text) ? redactUrl(text, redact) : redact(text),
  );
}

function safeBody(body: Uint8Array, redact: Redact): Uint8Array {
  const text = fromUtf8(body);
  const safe = redact(text);
  return safe === text ? body : utf8(safe);
}
