import { type RowBatch, type Value, valueAt } from '../base/row-batch.js';
import type { LateOutput, RejectedOutput, ResultOutput } from '../engine/job.js';
import type { Plan } from '../plan/plan.js';
import type { Note, ResultColumn } from '../plan/snapshot.js';
import { dashboardFrame } from './dashboard-frame.js';
import type { DashboardState } from './dashboard-state.js';
import type { RejectedRow, RunListener, WindowResult } from './interfaces.js';

/** Tells what happens in a run to its dashboard and to whoever listens. */
export class Report {
  readonly state: DashboardState;
  readonly #listener: RunListener;
  readonly #shown: ReadonlySet<string>;
  readonly #columns: ReadonlyMap<string, readonly ResultColumn[]>;

  /** @param showsResults see `PipelineRunOptions`. */
  constructor(plan: Plan, state: DashboardState, listener: RunListener, showsResults = true) {
    this.state = state;
    this.#listener = listener;
    const frame = dashboardFrame(plan);
    const pages = new Map([frame, ...frame.pages].map(({ sink, columns }) => [sink, columns]));
    this.#shown = new Set(showsResults ? pages.keys() : []);
    this.#columns = new Map(plan.sinks.map(({ name, columns }) => [name, pages.get(name) ?? columns]));
  }

  /** Rows of `topic` were decoded. @param recordCount records they came from, with the rejected ones. */
  rows(topic: string, rows: RowBatch, recordCount: number): void {
    this.state.read(topic, recordCount);
    this.#listener.rows?.(rows);
  }

  results(output: ResultOutput): void {
    const { sink } = output;
    const shown = this.#shown.has(sink);
    this.state.results(output.batch.length, output.reason);
    const columns = this.#columns.get(sink)!;
    if (!shown && this.#listener.results && !output.deleted) {
      this.#listener.results({ ...output, columns });
      return;
    }
    const told = this.#listener.result !== undefined;
    if (!shown && !told) return;
    for (let row = 0; row < output.batch.length; row++) {
      const gone = output.deleted?.[row] === 1;
      const result = resultAt(output, row, columns);
      if (gone && shown) this.state.hide(sink, result);
      if (gone) continue;
      if (shown) this.state.show(sink, result);
      this.#listener.result?.(result);
    }
  }

  late(output: LateOutput, topic: string, watermarkMs: number): void {
    const { batch, eventTimes } = output;
    this.state.late(batch.length);
    if (!this.#listener.late) return;
    for (let row = 0; row < batch.length; row++) {
      this.#listener.late({
        topic,
        partition: batch.partition,
        offset: batch.offsets?.[row] ?? -1,
        eventTimeMs: eventTimes[row]!,
        watermarkMs,
      });
    }
  }

  rejected(row: RejectedRow): void {
    this.state.rejected(1);
    this.#listener.rejected?.(row);
  }

  /** Gives them back one by one. */
  rejectedRows(output: RejectedOutput, topic: string): readonly RejectedRow[] {
    const { batch, reasons } = output;
    const rows = Array.from({ length: batch.length }, (_, row) => {
      const offset = batch.offsets?.[row] ?? -1;
      return { topic, partition: batch.partition, offset, reason: reasons[row]! };
    });
    for (const row of rows) this.rejected(row);
    return rows;
  }

  /** @param watermarkMs -Infinity before the first rows, Infinity after the last. */
  watermark(watermarkMs: number): void {
    if (!Number.isFinite(watermarkMs)) return;
    this.state.watermark(watermarkMs);
    this.#listener.watermark?.(watermarkMs);
  }

  lag(records: number): void {
    this.#listener.lag?.(records);
  }

  eof(): void {
    this.#listener.eof?.();
  }

  note(level: Note['level'], text: string): void {
    const note = this.state.note(level, text);
    this.#listener.note?.(note);
  }

  /** Resolves when the listener can take more. */
  async ready(): Promise<void> {
    await this.#listener.ready?.();
  }

  /** Closes a second of history. */
  second(): void {
    this.state.tick();
    this.#listener.progress?.(this.state.snapshot());
  }
}

function resultAt(output: ResultOutput, row: number, columns: readonly ResultColumn[]): WindowResult {
  const { batch, windowStarts, windowEnds, sink, reason } = output;
  const { schema, vectors } = batch;
  const values: Value[] = [];
  for (let index = 0; index < schema.length; index++) {
    values.push(valueAt(vectors[index]!, schema[index]!.type, row));
  }
  if (!windowStarts || !windowEnds) return { sink, columns, reason, values };
  return { sink, columns, reason, values, windowStartMs: windowStarts[row]!, windowEndMs: windowEnds[row]! };
}
