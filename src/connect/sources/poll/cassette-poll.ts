import type { Clock } from '../../../base/time.js';
import { judgeAnswer } from './answer.js';
import type { Cassette, RecordedExchange } from './cassette.js';
import { BadBody, type Feed, type PollDefinition, type PollProblem, type PollReport } from './interfaces.js';
import { readPage } from './page-reader.js';

/** How a cassette is played. */
export interface CassettePollOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 1: the gaps as they were; 60: an hour in a minute; Infinity: none. */
  readonly speed: number;
  /** No gap is longer, as it is waited for. */
  readonly maxGapMs: number;
}

/** Gives what a cassette holds as if it came over the network now; times are those of the recording. */
export async function* cassettePoll(
  definition: PollDefinition,
  cassette: Cassette,
  { clock, signal, speed, maxGapMs }: CassettePollOptions,
): AsyncGenerator<PollReport, void> {
  const feeds = feedsOf(definition, cassette);
  let dueMs = clock.elapsed();
  let before: RecordedExchange | undefined;
  for (const exchange of cassette.exchanges) {
    if (before) {
      if (exchange.round !== before.round) {
        yield { kind: 'round', round: before.round, nextMs: undefined, atMs: before.atMs + before.tookMs };
      }
      const gapMs = Math.max(0, exchange.atMs - before.atMs);
      dueMs += Math.min(gapMs / speed, maxGapMs);
      const waitMs = dueMs - clock.elapsed();
      if (waitMs > 0) {
        yield { kind: 'wait', untilMs: clock.now() + waitMs, why: 'schedule' };
        await clock.sleep(waitMs, signal);
      }
    }
    if (signal.aborted) return;
    yield meaningOf(exchange, feeds.get(exchange.feed) ?? unknownFeed(exchange), definition);
    before = exchange;
  }
  if (before) yield { kind: 'round', round: before.round, nextMs: undefined, atMs: before.atMs + before.tookMs };
}

/** Feeds by id: as they were recorded, read as the definition reads those of the same id. */
function feedsOf(definition: PollDefinition, { header }: Cassette): ReadonlyMap<string, Feed> {
  const known = new Map(definition.feeds.map((feed) => [feed.id, feed]));
  return new Map(
    header.feeds.map(({ id, url, parameters, isLookup }) => {
      const lookup = isLookup ? { isLookup } : {};
      return [id, { ...known.get(id), id, url, headers: {}, parameters, ...lookup }];
    }),
  );
}

function unknownFeed({ feed, request }: RecordedExchange): Feed {
  return { id: feed, url: request.url, headers: {}, parameters: {} };
}

function meaningOf(exchange: RecordedExchange, feed: Feed, definition: PollDefinition): PollReport {
  const { outcome, page, request, meaning } = exchange;
  const atMs = exchange.atMs + exchange.tookMs;
  const verdict = judgeAnswer(outcome, request.url, definition, atMs);
  switch (verdict.kind) {
    case 'not-modified':
      return { kind: 'not-modified', feed, atMs };
    case 'redirect':
      return { kind: 'redirect', feed, from: request.url, to: verdict.location ?? '' };
    case 'problem':
      return problemReport(verdict.problem, feed, meaning);
    case 'page':
      if (outcome.kind === 'failure') break;
      try {
        const { content } = readPage(definition, feed, request.url, outcome);
        return { kind: 'page', feed, url: request.url, page, bytes: outcome.body.length, atMs, content };
      } catch (error) {
        if (!(error instanceof BadBody)) throw error;
        return problemReport({ what: 'body', message: error.message, retriable: true }, feed, meaning);
      }
  }
  return problemReport({ what: 'broken', message: 'nothing was recorded', retriable: false }, feed, meaning);
}

function problemReport(problem: PollProblem, feed: Feed, meaning: PollReport['kind']): PollReport {
  return meaning === 'retry'
    ? { kind: 'retry', feed, problem, attempt: 1, delayMs: 0 }
    : { kind: 'failed', feed, problem };
}
