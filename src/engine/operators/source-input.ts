import { assert } from '../../base/assert.js';
import { columnIndex, type NumberVector, type RowBatch, type Schema, type Vector } from '../../base/row-batch.js';
import { formatDuration } from '../../base/time.js';
import type { EventTime, Source } from '../../plan/plan.js';
import { sourceSchema } from '../../plan/schemas.js';
import { timestampText } from '../../plan/timestamp-text.js';
import { type CompileScope, compileExpression, type Evaluator } from '../compile.js';
import type { SourceMetrics } from '../job.js';
import type { Outputs } from '../outputs.js';
import { everyRow, type Receiver } from '../rows.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';
import { Watermarks } from '../watermarks.js';

/** Largest distance from the epoch of a time, ms. */
const MAX_TIME = 8.64e15;
/** Stands for a column that no expression reads. */
const UNREAD: Vector = { kind: 'object', data: [] };

/** Gives the event time of a row for which there is none. */
type Failed = (row: number, reason: string) => void;

/** How far into the future event times are believed. */
export interface Horizon {
  readonly maxAheadMs: number;
  /** Time of day as it was told last; Infinity before. */
  nowMs: number;
}

/** What a {@link SourceInput} is made from. */
export interface SourceInputParts {
  readonly source: Source;
  /** Columns that the plan reads, see neededColumns. */
  readonly needed: Schema;
  readonly scope: Omit<CompileScope, 'schema'>;
  readonly outputs: Outputs;
  readonly next: Receiver;
  readonly horizon: Horizon;
}

/**
 * Where rows enter a job: finds their columns by name and their event time, keeps the watermark of the source and
 * rejects rows that have no event time, or one so far ahead of the clock that it would close the windows of all others.
 */
export class SourceInput {
  readonly #source: Source;
  readonly #schema: Schema;
  readonly #needed: Schema;
  readonly #time: Evaluator | undefined;
  readonly #outputs: Outputs;
  readonly #next: Receiver;
  readonly #watermarks: Watermarks;
  readonly #horizon: Horizon;
  #rows = 0;
  #rejected = 0;
  #handedOn = Number.NEGATIVE_INFINITY;
  #positionsFor: Schema | undefined;
  #positions: number[] = [];
  #every: Int32Array = new Int32Array(0);
  #before = new Float64Array(0);

  constructor({ source, needed, scope, outputs, next, horizon }: SourceInputParts) {
    const { eventTime } = source;
    this.#horizon = horizon;
    this.#source = source;
    this.#schema = sourceSchema(source);
    this.#needed = needed;
    this.#outputs = outputs;
    this.#next = next;
    this.#watermarks = new Watermarks(source.latenessMs);
    if (eventTime.kind === 'computed') {
      this.#time = compileExpression(eventTime.expression, { ...scope, schema: source.columns });
    }
  }

  /** The watermark in force. */
  get watermark(): number {
    return this.#watermarks.merged;
  }

  /** See Job.feed. */
  feed(batch: RowBatch): void {
    const { length } = batch;
    this.#rows += length;
    if (length === 0) {
      this.setIdle(batch.partition, false);
      return;
    }
    if (this.#every.length < length) {
      this.#every = everyRow(length);
      this.#before = new Float64Array(length);
    }
    const vectors = this.#vectors(batch);
    const reasons = new Map<number, string>();
    const times = this.#times(batch, vectors, (row, reason) => reasons.set(row, reason));
    if (this.#source.eventTime.kind !== 'column')
      vectors.push({ kind: 'number', data: times, nulls: new Uint8Array(length) });
    this.#watermarks.observe(batch.partition, times, this.#before);
    const origin = { source: this.#source.name, batch };
    let selection = this.#every;
    if (reasons.size > 0) {
      this.#rejected += reasons.size;
      this.#outputs.rejected(this.#source.name, origin, reasons);
      selection = selection.subarray(0, length).filter((row) => !reasons.has(row));
    }
    const selected = length - reasons.size;
    if (selected > 0) {
      this.#next.rows({
        schema: this.#schema,
        vectors,
        selection,
        selected,
        times,
        watermarks: this.#before,
        changes: undefined,
        reason: 'update',
        windowStarts: undefined,
        windowEnds: undefined,
        origin,
      });
    }
    this.#advance('watermark');
  }

  /** Vectors in the order of the source's columns. */
  #vectors(batch: RowBatch): Vector[] {
    if (this.#positionsFor !== batch.schema) {
      for (const { name, type } of this.#needed) {
        const given = batch.schema[columnIndex(batch.schema, name)];
        assert(given?.type === type, `the batch for ${this.#source.name} has column ${name} as ${type}`);
      }
      this.#positions = this.#source.columns.map((column) => columnIndex(batch.schema, column.name));
      this.#positionsFor = batch.schema;
    }
    return this.#positions.map((position) => (position < 0 ? UNREAD : batch.vectors[position]!));
  }

  /** Event time per row, NaN where there is none. */
  #times(batch: RowBatch, vectors: readonly Vector[], failed: Failed): Float64Array {
    const { eventTime } = this.#source;
    const { length } = batch;
    const range = { smallest: -MAX_TIME, largest: this.#largest(), length };
    if (eventTime.kind === 'record') {
      assert(batch.timestamps, `the batch for ${this.#source.name} has timestamps`);
      const report = this.#reporter(failed, 'the record has no timestamp', "the record's timestamp");
      return checked(batch.timestamps, undefined, { ...range, smallest: 0 }, report);
    }
    const name = eventTimeName(eventTime);
    const missing = `event time ${name} is null or out of range`;
    if (eventTime.kind === 'column') {
      const vector = vectors[columnIndex(this.#source.columns, eventTime.name)] as NumberVector;
      const report = this.#reporter(failed, missing, `event time ${name}`);
      return checked(vector.data, vector.nulls, range, report);
    }
    const input = { vectors, selection: this.#every, selected: length, length };
    const why = new Map<number, string>();
    const vector = this.#time!.evaluate(input, (row, reason) => why.set(row, reason)) as NumberVector;
    const known: Failed = (row, reason) => failed(row, why.has(row) ? `event time ${name}: ${why.get(row)}` : reason);
    return checked(vector.data, vector.nulls, range, this.#reporter(known, missing, `event time ${name}`));
  }

  /** The latest time that is believed. */
  #largest(): number {
    const { nowMs, maxAheadMs } = this.#horizon;
    return Math.min(MAX_TIME, nowMs + maxAheadMs);
  }

  /** Says of a row whether its time is missing or ahead. */
  #reporter(failed: Failed, missing: string, what: string): (row: number, time: number | undefined) => void {
    const largest = this.#largest();
    const ahead = formatDuration(this.#horizon.maxAheadMs);
    return (row, time) => {
      const isAhead = time !== undefined && time > largest && time <= MAX_TIME;
      failed(row, isAhead ? `${what} ${timestampText(time)} is more than ${ahead} ahead of the clock` : missing);
    };
  }

  /** Hands the watermark on when it has moved, and everything when nothing more is to be waited for. */
  #advance(reason: 'watermark' | 'idle'): void {
    const { merged, allEnded, allIdle } = this.#watermarks;
    if (merged > this.#handedOn) {
      this.#handedOn = merged;
      this.#next.watermark(merged, allEnded ? 'eof' : reason);
    }
    if (reason === 'idle' && allIdle) this.#next.flush('idle');
  }

  /** See Job.assign. */
  assign(partition: number, newest: number): void {
    this.#watermarks.assign(partition);
    this.#watermarks.reached(partition, newest);
  }

  /** How far a partition is. */
  reached(partition: number): { readonly newest: number; readonly idle: boolean } {
    return { newest: this.#watermarks.newest(partition), idle: this.#watermarks.isIdle(partition) };
  }

  /** See Job.revoke. */
  revoke(partition: number): void {
    this.#watermarks.revoke(partition);
    this.#advance('watermark');
  }

  /** See Job.idle and Job.active. */
  setIdle(partition: number, idle: boolean): void {
    this.#watermarks.setIdle(partition, idle);
    this.#advance(idle ? 'idle' : 'watermark');
  }

  /** See Job.end. */
  end(partition: number): void {
    this.#watermarks.end(partition);
    this.#advance(this.#watermarks.allIdle ? 'idle' : 'watermark');
  }

  /** See Job.close. */
  close(reason: 'timeout' | 'eof'): void {
    this.#next.flush(reason);
  }

  /** See Job.metrics. */
  metrics(): SourceMetrics {
    return {
      source: this.#source.name,
      rows: this.#rows,
      rejected: this.#rejected,
      watermark: this.#watermarks.merged,
      partitions: this.#watermarks.metrics(),
    };
  }

  /** Writes the watermarks and counts. */
  save(writer: StateWriter): void {
    writer.count(this.#rows);
    writer.count(this.#rejected);
    writer.number(this.#handedOn);
    this.#watermarks.save(writer);
  }

  /** Reads what {@link SourceInput.save} wrote. */
  load(reader: StateReader): void {
    this.#rows = Math.max(this.#rows, reader.count());
    this.#rejected = Math.max(this.#rejected, reader.count());
    this.#handedOn = Math.max(this.#handedOn, reader.number());
    this.#watermarks.load(reader);
  }
}

/** What people know it by: the column that it is taken from, where it is one. */
function eventTimeName(eventTime: EventTime): string {
  if (eventTime.kind !== 'computed') return eventTime.name;
  const { expression } = eventTime;
  const taken = expression.kind === 'cast' ? expression.operand : expression;
  return taken.kind === 'column' ? taken.name : eventTime.name;
}

/**
 * The first `length` times; those that are null or out of range become NaN in a copy.
 * @param failed gets the time where there is one.
 */
function checked(
  data: Float64Array,
  nulls: Uint8Array | undefined,
  { smallest, largest, length }: { readonly smallest: number; readonly largest: number; readonly length: number },
  failed: (row: number, time: number | undefined) => void,
): Float64Array {
  let times = data.length === length ? data : data.subarray(0, length);
  let copied = false;
  for (let row = 0; row < length; row++) {
    const time = data[row]!;
    const isNull = nulls !== undefined && nulls[row] !== 0;
    if (time >= smallest && time <= largest && !isNull) continue;
    if (!copied) {
      times = times.slice();
      copied = true;
    }
    times[row] = Number.NaN;
    failed(row, isNull ? undefined : time);
  }
  return times;
}
