import type { RowBatch } from '../../../base/row-batch.js';
import type { Clock, Timer } from '../../../base/time.js';
import type { StreamControl } from './stream-control.js';
import type { Condition } from './until.js';

/** A truth about all rows seen so far. */
export interface RowsExpression {
  readonly text: string;
  /** Columns that it reads. */
  readonly columns: ReadonlySet<string>;
  add(batch: RowBatch): void;
  holds(): boolean;
  /** What its aggregates are now, for a message: `avg(price) = 9.5`. */
  explain(): string;
}

export interface StopOptions {
  readonly clock: Clock;
  readonly conditions: readonly Condition[];
  /** One per `expr` condition, in their order, then those of `--expect`. */
  readonly expressions: readonly RowsExpression[];
  readonly timeoutMs: number | undefined;
}

/** Reasons that are not `until ...`. */
export type StopReason = 'interrupted' | 'closed' | 'timeout';

/** The {@link StreamControl} of a command line: judges conditions as the command reports what it sees. */
export class StopControl implements StreamControl {
  readonly #options: StopOptions;
  readonly #abort = new AbortController();
  readonly #timers = new Set<Timer>();
  #reason: string | undefined;
  #met = false;
  #count = 0;
  #windows = 0;
  #watermark = Number.NEGATIVE_INFINITY;
  #lag = Number.POSITIVE_INFINITY;
  #eof = false;
  #lastRowMs: number;
  readonly #startMs: number;

  constructor(options: StopOptions) {
    this.#options = options;
    const { clock, conditions, timeoutMs } = options;
    this.#startMs = clock.elapsed();
    this.#lastRowMs = this.#startMs;
    for (const condition of conditions) {
      if (condition.kind === 'duration' || condition.kind === 'idle') this.#checkAfter(condition);
    }
    if (timeoutMs !== undefined) this.#schedule(timeoutMs, () => this.stop('timeout'));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** Whether every `--until` held when the stream ended. */
  get met(): boolean {
    return this.#met;
  }

  /** Whether an end was asked for by `--until`. */
  get required(): boolean {
    return this.#options.conditions.length > 0;
  }

  get remaining(): number {
    const [only, ...others] = this.#options.conditions;
    // Beside other conditions the stream may have to go on after the count is reached.
    if (only?.kind !== 'count' || others.length > 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, only.bound - this.#count);
  }

  get wantsEof(): boolean {
    return this.#options.conditions.some(({ kind }) => kind === 'eof');
  }

  get wantsLag(): boolean {
    return this.#options.conditions.some(({ kind }) => kind === 'lag');
  }

  get wantsRows(): boolean {
    return this.wantedColumns.size > 0;
  }

  get wantedColumns(): ReadonlySet<string> {
    return new Set(this.#options.expressions.flatMap(({ columns }) => [...columns]));
  }

  rows(count: number, batch?: RowBatch): void {
    if (count === 0) return;
    this.#count += count;
    this.#lastRowMs = this.#options.clock.elapsed();
    for (const expression of this.#options.expressions) {
      // Counting needs no columns, and counts what is no row too.
      if (expression.columns.size === 0) expression.add({ schema: [], vectors: [], length: count, partition: 0 });
      else if (batch) expression.add(batch);
    }
    this.#check();
  }

  windows(count: number): void {
    this.#windows += count;
    this.#lastRowMs = this.#options.clock.elapsed();
    this.#check();
  }

  watermark(timeMs: number): void {
    this.#watermark = Math.max(this.#watermark, timeMs);
    this.#check();
  }

  lag(records: number): void {
    this.#lag = records;
    this.#check();
  }

  eof(): void {
    this.#eof = true;
    this.#check();
  }

  /** Ends the stream from outside. */
  stop(reason: StopReason): void {
    this.#finish(reason);
  }

  /** Judges once more what can have become true without a report, when the command ended by itself. */
  settle(): void {
    this.#check();
    this.#clear();
  }

  #check(): void {
    if (!this.required || this.#reason !== undefined) return;
    let expressionIndex = 0;
    for (const condition of this.#options.conditions) {
      const expression = condition.kind === 'expr' ? this.#options.expressions[expressionIndex++] : undefined;
      if (!this.#holds(condition, expression)) return;
    }
    this.#met = true;
    this.#finish(`until ${this.#options.conditions.map(({ text }) => text).join(' and ')}`);
  }

  #holds(condition: Condition, expression: RowsExpression | undefined): boolean {
    const nowMs = this.#options.clock.elapsed();
    switch (condition.kind) {
      case 'eof':
        return this.#eof;
      case 'count':
        return this.#count >= condition.bound;
      case 'windows':
        return this.#windows >= condition.bound;
      case 'lag':
        return this.#lag <= condition.bound;
      case 'idle':
        return nowMs - this.#lastRowMs >= condition.ms;
      case 'duration':
        return nowMs - this.#startMs >= condition.ms;
      case 'watermark':
        return this.#watermark >= condition.timeMs;
      case 'expr':
        return expression?.holds() ?? false;
    }
  }

  #checkAfter(condition: Condition & { readonly ms: number }, leftMs = condition.ms): void {
    this.#schedule(Math.max(1, Math.ceil(leftMs)), () => {
      this.#check();
      if (this.#reason !== undefined) return;
      const sinceMs = condition.kind === 'idle' ? this.#lastRowMs : this.#startMs;
      const restMs = condition.ms - (this.#options.clock.elapsed() - sinceMs);
      if (restMs > 0) this.#checkAfter(condition, restMs);
      else if (condition.kind === 'idle') this.#checkAfter(condition);
    });
  }

  #schedule(ms: number, action: () => void): void {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #finish(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#clear();
    this.#abort.abort(reason);
  }

  #clear(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
