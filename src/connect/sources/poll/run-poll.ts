import { StreamctlError } from '../../../base/errors.js';
import type { JsonValue } from '../../../base/row-batch.js';
import type { ChangeTracker } from './change-tracker.js';
import { type Redact, redactUrl } from './credentials.js';
import type { PollProblem, PollReport } from './interfaces.js';
import { type PollRecord, type PollSink, recordOf } from './poll-record.js';

/** Items of a round that are held until it is over; beyond, what is there goes out. */
const MAX_BUFFERED_ITEMS = 50_000;
/** What is there does not wait for a round that stands still for so long. */
const MAX_HELD_MS = 2_000;
/** A record may not be larger, by the broker's usual limit. */
const MAX_ITEM_BYTES = 1_000_000;

/** What a poll has done so far. */
export interface PollCounts {
  readonly rounds: number;
  readonly pages: number;
  readonly notModified: number;
  readonly retries: number;
  readonly failed: number;
  readonly items: number;
  readonly emitted: number;
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Older than what is known of the same thing. */
  readonly stale: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly bytes: number;
}

/** Told what goes on. */
export interface PollListener {
  report(report: PollReport): void;
  /** A round is over; `counts` are those of the round alone. */
  round(counts: PollCounts, report: Extract<PollReport, { kind: 'round' }>): void;
  /** Records were written. */
  written(records: readonly PollRecord[]): void;
  /** Items could not be used; the reasons of some of them. */
  rejected(reasons: readonly string[]): void;
}

/** What a poll works with. */
export interface RunPollOptions {
  readonly name: string;
  readonly reports: AsyncIterable<PollReport>;
  readonly tracker: ChangeTracker;
  readonly sink: PollSink;
  readonly redact: Redact;
  readonly listener: PollListener;
  /** Records that may still be written. */
  readonly remaining: () => number;
  /** One round only: what fails in it is the result. */
  readonly isOnce: boolean;
  /** For an API that cannot be reached: what to do instead. */
  readonly offlineHint: string;
  /** After each round, with whether all its items were written. */
  readonly afterRound: (isComplete: boolean) => void;
}

/** How a poll ended. */
export interface PollSummary {
  readonly counts: PollCounts;
  /** Of a single round: what failed while other feeds gave their items. */
  readonly failures: readonly StreamctlError[];
  /** All items of the last answers were written, or were known; else these answers must be asked for again. */
  readonly isComplete: boolean;
}

type Counts = { -readonly [K in keyof PollCounts]: number };
const noCounts = (): Counts => ({
  rounds: 0,
  pages: 0,
  notModified: 0,
  retries: 0,
  failed: 0,
  items: 0,
  emitted: 0,
  new: 0,
  changed: 0,
  unchanged: 0,
  stale: 0,
  skipped: 0,
  rejected: 0,
  bytes: 0,
});

/**
 * Takes the reports of a poll to its end: chooses what is new, writes it, counts. A failed poll does not stop it.
 * @throws `api-failed`, `api-refused` when the only round fails, or nobody answers in the first one; what the sink throws.
 */
export async function runPoll(options: RunPollOptions): Promise<PollSummary> {
  const run = new PollRun(options);
  for await (const report of options.reports) {
    if (await run.take(report)) break;
  }
  return run.finish();
}

class PollRun {
  readonly #options: RunPollOptions;
  readonly #total = noCounts();
  #round = noCounts();
  #buffer: { readonly item: JsonValue; readonly source: string }[] = [];
  #polledMs = 0;
  #failures: StreamctlError[] = [];
  #answered = false;
  #unreachable = 0;
  #isComplete = true;

  constructor(options: RunPollOptions) {
    this.#options = options;
  }

  /** True when no more may be written. */
  async take(report: PollReport): Promise<boolean> {
    const { listener, redact } = this.#options;
    listener.report(report);
    switch (report.kind) {
      case 'page': {
        this.#answered = true;
        const { items, skipped = 0, rejected = [] } = report.content;
        const source = redactUrl(report.url, redact);
        if (!report.feed.isLookup) for (const item of items) this.#buffer.push({ item, source });
        this.#polledMs = report.atMs;
        this.#round.pages++;
        this.#round.bytes += report.bytes;
        this.#round.skipped += skipped;
        this.#reject(rejected);
        if (this.#buffer.length >= MAX_BUFFERED_ITEMS) await this.#flush();
        break;
      }
      case 'not-modified':
        this.#answered = true;
        this.#round.notModified++;
        break;
      case 'retry':
        this.#round.retries++;
        break;
      case 'failed':
        this.#round.failed++;
        this.#fail(report.problem, report.feed.id, report.feed.isLookup === true);
        break;
      case 'wait':
        if (report.untilMs - this.#polledMs > MAX_HELD_MS) await this.#flush();
        break;
      case 'round':
        await this.#endRound(report);
        break;
    }
    return this.#options.remaining() <= 0;
  }

  async finish(): Promise<PollSummary> {
    await this.#flush();
    this.#add();
    return { counts: this.#total, failures: this.#failures, isComplete: this.#isComplete };
  }

  async #endRound(report: Extract<PollReport, { kind: 'round' }>): Promise<void> {
    await this.#flush();
    this.#round.rounds = 1;
    const { isOnce, offlineHint, name, listener, afterRound } = this.#options;
    listener.round(this.#round, report);
    this.#add();
    afterRound(this.#isComplete);
    this.#isComplete = true;
    const nobody = this.#total.rounds === 1 && !this.#answered && this.#unreachable > 0;
    const [first] = this.#failures;
    if (first && (nobody || (isOnce && !this.#answered))) throw first;
    if (nobody) throw new StreamctlError('api-failed', `${name} cannot be reached`, { hint: offlineHint });
    if (!isOnce) this.#failures = [];
  }

  #fail(problem: PollProblem, feedId: string, isLookup: boolean): void {
    if (problem.what === 'unreachable') this.#unreachable++;
    else if (problem.what !== 'circuit') this.#answered ||= !this.#options.isOnce;
    if (isLookup) return;
    const { name, redact, offlineHint } = this.#options;
    const subject = feedId === name ? name : `${name} (${feedId})`;
    const isRefusal =
      problem.what === 'status' && problem.status! >= 400 && problem.status! < 500 && !problem.retriable;
    this.#failures.push(
      new StreamctlError(isRefusal ? 'api-refused' : 'api-failed', `${subject}: ${redact(problem.message)}`, {
        hint: isRefusal ? refusalHint(problem.status!) : offlineHint,
      }),
    );
  }

  #reject(reasons: readonly string[]): void {
    if (reasons.length === 0) return;
    this.#round.rejected += reasons.length;
    this.#round.items += reasons.length;
    this.#options.listener.rejected(reasons);
  }

  async #flush(): Promise<void> {
    if (this.#buffer.length === 0) return;
    const { tracker, sink, listener, remaining } = this.#options;
    const buffer = this.#buffer;
    this.#buffer = [];
    const sources = new Map(buffer.map(({ item, source }) => [item, source]));
    const choice = tracker.choose(
      buffer.map(({ item }) => item),
      remaining(),
    );
    this.#isComplete &&= !choice.isCut;
    this.#round.items += buffer.length - choice.rejected.length;
    for (const verdict of ['new', 'changed', 'unchanged', 'stale'] as const) {
      this.#round[verdict] += choice.counts[verdict];
    }
    this.#reject(choice.rejected);
    const made = choice.chosen.map((chosen) => recordOf(chosen, sources.get(chosen.item)!, this.#polledMs));
    const records = made.filter(({ value }) => value.length <= MAX_ITEM_BYTES);
    this.#reject(
      made.filter(({ value }) => value.length > MAX_ITEM_BYTES).map(({ value }) => `an item of ${value.length} bytes`),
    );
    if (records.length > 0) await sink.write(records);
    tracker.commit();
    this.#round.emitted += records.length;
    if (records.length > 0) listener.written(records);
  }

  #add(): void {
    for (const name of Object.keys(this.#total) as (keyof Counts)[]) this.#total[name] += this.#round[name];
    this.#round = noCounts();
  }
}

function refusalHint(status: number): string {
  if (status === 401 || status === 403) return 'look at the key and where it comes from';
  return status === 404 ? 'look at the address and its parameters' : 'look at the parameters of the request';
}
