import { assert } from '../../../base/assert.js';
import type { HttpFailure, HttpHeaders, HttpResponse } from '../../../base/http.js';
import type { Random } from '../../../base/random.js';
import { judgeAnswer, type Verdict } from './answer.js';
import { fullJitterMs, type RetryPolicy } from './backoff.js';
import type { Redact } from './credentials.js';
import { followTo } from './follow.js';
import { freshForMs, MAX_STAY_AWAY_MS, usedUpForMs } from './header-times.js';
import { HostPolicy } from './host-policy.js';
import {
  BadBody,
  type Feed,
  type PollDefinition,
  type PollProblem,
  type PollReport,
  type WaitReason,
} from './interfaces.js';
import { type ReadPage, readPage } from './page-reader.js';
import type { NextPage } from './pagination.js';
import type { Rate } from './rate-limit.js';
import { type Schedule, Ticker } from './schedule.js';
import type { Validators } from './validators.js';

const MAX_REDIRECTS = 5;
/** A host that never answered is most likely not there: nobody should wait long to be told. */
const FIRST_CONTACT_RETRIES = 2;
/** A single round does not outsit a longer pause than this. */
const PATIENCE_MS = 60_000;
/** A feed that is fresh for this share of the interval more is waited for instead of left out of the round. */
const FRESH_TOLERANCE = 0.1;

/** How politely and how long a poll goes on. */
export interface PollPolicy {
  readonly schedule: Schedule;
  readonly maxPages: number;
  readonly retry: RetryPolicy;
  /** Per host. */
  readonly rate?: Rate;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Sent with every request; a feed's own win. */
  readonly headers: HttpHeaders;
}

/** What to do next. `report` has nothing to do but be told. */
export type PollAction =
  | { readonly kind: 'wait'; readonly untilMs: number; readonly why: WaitReason }
  | {
      readonly kind: 'send';
      readonly feed: Feed;
      readonly round: number;
      readonly page: number;
      readonly url: string;
      readonly headers: HttpHeaders;
    }
  | { readonly kind: 'report'; readonly report: PollReport }
  | { readonly kind: 'end' };

interface FeedState {
  readonly feed: Feed;
  freshUntilMs: number;
  /** When it was last done with, well or not. */
  doneMs: number;
}

/** The request in hand. */
interface Current {
  readonly state: FeedState;
  url: string;
  /** As configured; fewer after a step to another host. */
  headers: HttpHeaders;
  page: number;
  /** Failed tries of this page. */
  attempt: number;
  redirects: number;
  notBeforeMs: number;
  /** Pages of this round, against running in circles. */
  readonly seen: Set<string>;
}

/**
 * All decisions of a poller, without doing anything: asked for the {@link PollAction} at a time, told each answer, it
 * says what the answer meant. One request at a time; times are epoch ms and never go back.
 */
export class PollMachine {
  readonly #definition: PollDefinition;
  readonly #policy: PollPolicy;
  readonly #random: Random;
  readonly #redact: Redact;
  readonly #ticker: Ticker;
  readonly #states: readonly FeedState[];
  readonly #hosts = new Map<string, HostPolicy>();
  /** Hosts that answered at least once, in whatever way. */
  readonly #met = new Set<string>();
  readonly validators: Validators;
  #round = 0;
  #dueMs: number | undefined;
  #isStarted = false;
  /** Feeds left in the round; undefined between rounds. */
  #queue: FeedState[] | undefined;
  #current: Current | undefined;
  /** Told with the next action. */
  #pending: PollReport | undefined;

  constructor(definition: PollDefinition, policy: PollPolicy, random: Random, validators: Validators, redact: Redact) {
    this.#definition = definition;
    this.#policy = policy;
    this.#random = random;
    this.#redact = redact;
    this.#ticker = new Ticker(policy.schedule, random);
    this.validators = validators;
    const never = Number.NEGATIVE_INFINITY;
    this.#states = definition.feeds.map((feed) => ({ feed, freshUntilMs: never, doneMs: never }));
  }

  /** Hosts that asked to be left alone, and until when, epoch ms: to be kept over a restart. */
  holds(nowMs: number): Readonly<Record<string, number>> {
    const held = [...this.#hosts].filter(([, host]) => host.heldUntilMs > nowMs);
    return Object.fromEntries(held.map(([name, host]) => [name, host.heldUntilMs]));
  }

  /** What {@link holds} gave before a restart, by a clock that may have been wrong: none is longer than any host's. */
  restoreHolds(holds: Readonly<Record<string, number>>, nowMs: number): void {
    for (const [name, untilMs] of Object.entries(holds)) {
      if (untilMs > nowMs) this.#host(name).hold(Math.min(untilMs, nowMs + MAX_STAY_AWAY_MS));
    }
  }

  /** Says what to do at `nowMs`; to be asked again when that is done, or when the wait is over. */
  next(nowMs: number): PollAction {
    const told = this.#pending;
    this.#pending = undefined;
    if (told) return { kind: 'report', report: told };
    if (!this.#current) {
      const action = this.#takeFeed(nowMs);
      if (action) return action;
    }
    const current = this.#current!;
    if (nowMs < current.notBeforeMs) {
      return { kind: 'wait', untilMs: current.notBeforeMs, why: current.attempt > 0 ? 'retry' : 'schedule' };
    }
    const host = this.#host(hostOf(current.url));
    const openUntilMs = host.circuit.openUntil(nowMs);
    if (openUntilMs !== undefined)
      return { kind: 'report', report: this.#circuitOpen(current, host, openUntilMs, nowMs) };
    const wait = host.waitFor(nowMs);
    if (wait && wait.why === 'hold' && this.#isTooLong(wait.untilMs - nowMs)) {
      return { kind: 'report', report: this.#giveUp(current, tooLong(wait.untilMs - nowMs), nowMs) };
    }
    if (wait) return { kind: 'wait', ...wait };
    host.sent(nowMs);
    const { state, page, url } = current;
    const headers = { ...current.headers, ...this.validators.headers(state.feed, url) };
    return { kind: 'send', feed: state.feed, round: this.#round, page, url, headers };
  }

  /** Tells what became of the request sent last; gives its meaning. */
  answer(nowMs: number, outcome: HttpResponse | HttpFailure): PollReport {
    const current = this.#current;
    assert(current, 'an answer without a request');
    const name = hostOf(current.url);
    const host = this.#host(name);
    const isFirstContact = !this.#met.has(name);
    if (outcome.kind === 'response') {
      this.#met.add(name);
      const usedUpMs = usedUpForMs(outcome.headers, nowMs);
      if (usedUpMs !== undefined) host.hold(nowMs + usedUpMs);
    }
    const verdict = judgeAnswer(outcome, current.url, this.#definition, nowMs);
    switch (verdict.kind) {
      case 'problem':
        return this.#problem(current, host, verdict, nowMs, isFirstContact);
      case 'redirect':
        host.succeeded();
        return this.#redirect(current, verdict.location, nowMs);
      case 'not-modified':
        return this.#notModified(current, host, outcome as HttpResponse, nowMs);
      case 'page':
        return this.#page(current, host, outcome as HttpResponse, nowMs);
    }
  }

  /** Puts the next feed in hand; an action where that is not possible now. */
  #takeFeed(nowMs: number): PollAction | undefined {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#dueMs = this.#ticker.first(nowMs);
    }
    if (!this.#queue) {
      if (this.#dueMs === undefined) return { kind: 'end' };
      if (nowMs < this.#dueMs) return { kind: 'wait', untilMs: this.#dueMs, why: 'schedule' };
      this.#round++;
      this.#queue = this.#states.filter(({ feed, doneMs }) => nowMs - doneMs >= (feed.everyMs ?? 0) * 0.99);
    }
    const { schedule } = this.#policy;
    const toleranceMs = schedule.kind === 'every' ? Math.max(1000, schedule.everyMs * FRESH_TOLERANCE) : 1000;
    for (let state = this.#queue.shift(); state; state = this.#queue.shift()) {
      if (state.freshUntilMs > nowMs + toleranceMs) continue;
      const { url, headers } = state.feed;
      this.#current = {
        state,
        url,
        headers: { ...this.#policy.headers, ...headers },
        page: 1,
        attempt: 0,
        redirects: 0,
        notBeforeMs: state.freshUntilMs,
        seen: new Set([url]),
      };
      return undefined;
    }
    return { kind: 'report', report: this.#endRound(nowMs) };
  }

  #endRound(nowMs: number): PollReport {
    this.#queue = undefined;
    const beatMs = this.#ticker.after(nowMs);
    const freshMs = Math.min(...this.#states.map(({ freshUntilMs }) => freshUntilMs));
    this.#dueMs = beatMs === undefined ? undefined : Math.max(beatMs, freshMs);
    return { kind: 'round', round: this.#round, nextMs: this.#dueMs, atMs: nowMs };
  }

  #page(current: Current, host: HostPolicy, response: HttpResponse, nowMs: number): PollReport {
    const { state, url, page } = current;
    const { feed } = state;
    let read: ReadPage;
    try {
      read = readPage(this.#definition, feed, url, response);
    } catch (error) {
      if (!(error instanceof BadBody)) throw error;
      const problem: PollProblem = { what: 'body', status: response.status, message: error.message, retriable: true };
      return this.#problem(
        current,
        host,
        { kind: 'problem', problem, hold: undefined, isHostAtFault: false },
        nowMs,
        false,
      );
    }
    host.succeeded();
    this.validators.remember(feed, url, response.headers, read.next);
    if (page === 1) state.freshUntilMs = nowMs + freshForMs(response.headers, nowMs);
    const isCut = this.#advance(current, read.next, nowMs);
    const bytes = response.body.length;
    return { kind: 'page', feed, url, page, bytes, atMs: nowMs, content: read.content, ...(isCut ? { isCut } : {}) };
  }

  #notModified(current: Current, host: HostPolicy, response: HttpResponse, nowMs: number): PollReport {
    const { state, url, page } = current;
    const next = this.validators.next(state.feed, url);
    if (!next) {
      const problem: PollProblem = {
        what: 'status',
        status: 304,
        message: '304 without a condition',
        retriable: false,
      };
      return this.#problem(
        current,
        host,
        { kind: 'problem', problem, hold: undefined, isHostAtFault: false },
        nowMs,
        false,
      );
    }
    host.succeeded();
    if (page === 1) state.freshUntilMs = nowMs + freshForMs(response.headers, nowMs);
    this.#advance(current, next, nowMs);
    return { kind: 'not-modified', feed: state.feed, atMs: nowMs };
  }

  /** Goes on to the next page, or is done with the feed; true when pages are left out. */
  #advance(current: Current, next: NextPage, nowMs: number): true | undefined {
    const { state, url, headers, page, seen } = current;
    if (next.url === undefined || page >= this.#policy.maxPages) {
      this.#done(state, nowMs);
      return next.url !== undefined || next.isCut ? true : undefined;
    }
    const step = followTo(url, next.url, headers, this.#redact);
    const message =
      'refused' in step
        ? `the next page is not followed: ${step.refused}`
        : seen.has(step.url)
          ? `page ${page} leads back to a page that was read before`
          : undefined;
    if (message !== undefined) {
      this.#pending = this.#giveUp(current, { what: 'pagination', message, retriable: false }, nowMs);
    } else if ('url' in step) {
      seen.add(step.url);
      Object.assign(current, { ...step, page: page + 1, attempt: 0, redirects: 0, notBeforeMs: nowMs });
    }
    return undefined;
  }

  #redirect(current: Current, location: string | undefined, nowMs: number): PollReport {
    const { url, headers, state } = current;
    const refuse = (message: string): PollReport =>
      this.#giveUp(current, { what: 'redirect', message, retriable: false }, nowMs);
    if (location === undefined) return refuse('a redirect that does not say where to');
    if (++current.redirects > MAX_REDIRECTS) return refuse(`more than ${MAX_REDIRECTS} redirects, one after the other`);
    const step = followTo(url, location, headers, this.#redact);
    if ('refused' in step) return refuse(`the redirect is not followed: ${step.refused}`);
    current.url = step.url;
    current.headers = step.headers;
    return { kind: 'redirect', feed: state.feed, from: url, to: step.url };
  }

  #problem(
    current: Current,
    host: HostPolicy,
    { problem, hold, isHostAtFault }: Extract<Verdict, { kind: 'problem' }>,
    nowMs: number,
    isFirstContact: boolean,
  ): PollReport {
    if (isHostAtFault) host.circuit.failed(nowMs);
    else if (problem.what !== 'throttled') host.succeeded();
    if (problem.what === 'throttled') host.throttled(nowMs, hold);
    else if (hold !== undefined) host.hold(nowMs + hold);
    const { retry } = this.#policy;
    const isNobody = isFirstContact && problem.what === 'unreachable';
    const retries = isNobody ? Math.min(FIRST_CONTACT_RETRIES, retry.count) : retry.count;
    const heldMs = Math.max(0, host.heldUntilMs - nowMs);
    if (!problem.retriable || current.attempt >= retries || this.#isTooLong(heldMs)) {
      return this.#giveUp(current, problem, nowMs);
    }
    current.attempt++;
    const delayMs = fullJitterMs(current.attempt, retry, this.#random);
    current.notBeforeMs = nowMs + delayMs;
    return {
      kind: 'retry',
      feed: current.state.feed,
      problem,
      attempt: current.attempt,
      delayMs: Math.max(delayMs, heldMs),
    };
  }

  #circuitOpen(current: Current, { circuit }: HostPolicy, untilMs: number, nowMs: number): PollReport {
    const seconds = Math.ceil((untilMs - nowMs) / 1000);
    const message = `${hostOf(current.url)} failed ${circuit.failures} times in a row: left alone for ${seconds} s`;
    return this.#giveUp(current, { what: 'circuit', message, retriable: false }, nowMs);
  }

  #giveUp({ state }: Current, problem: PollProblem, nowMs: number): PollReport {
    this.#done(state, nowMs);
    // A lookup that failed is tried again with the next round.
    if (state.feed.isLookup) state.doneMs = Number.NEGATIVE_INFINITY;
    return { kind: 'failed', feed: state.feed, problem };
  }

  #done(state: FeedState, nowMs: number): void {
    state.doneMs = nowMs;
    this.#current = undefined;
  }

  #isTooLong(waitMs: number): boolean {
    return this.#policy.schedule.kind === 'once' && waitMs > PATIENCE_MS;
  }

  #host(name: string): HostPolicy {
    let host = this.#hosts.get(name);
    if (!host) {
      host = new HostPolicy(this.#policy.rate);
      this.#hosts.set(name, host);
    }
    return host;
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}

function tooLong(waitMs: number): PollProblem {
  const message = `the host asks to be left alone for ${Math.ceil(waitMs / 1000)} s`;
  return { what: 'throttled', message, retriable: false };
}
