import type { Compression } from '../base/codec-interfaces.js';
import { type RowBatch, rowAt } from '../base/row-batch.js';
import { JsonDecoder } from '../connect/codecs/json-decoder.js';
import type { FetchedRecords } from '../connect/kafka/interfaces.js';
import { compileJob } from '../engine/compile-job.js';
import type { Job, Output, ReferenceRows } from '../engine/job.js';
import { neededColumns } from '../plan/needed-columns.js';
import { IdleWatch } from '../run/idle-watch.js';
import { MAX_AHEAD_MS } from '../run/interfaces.js';
import { fetchedRecords } from './fetched-records.js';
import { recordText } from './record-text.js';
import type { FedRecord, RowValues, TestCase } from './test-case.js';

/** A row that came out: of a sink, or set aside. */
export interface SeenRow {
  readonly kind: 'result' | 'late' | 'rejected';
  /** Name of the sink; of what is set aside, the step. */
  readonly place: string;
  /** Of what is set aside, the row as it was fed where that is known. */
  readonly values: RowValues;
  /** Text of the record that was set aside; null for rows of later steps. */
  readonly text: string | null;
  readonly deleted: boolean;
  /** Why it came out, or what is wrong with it. */
  readonly reason: string;
  /** Of what is set aside, which of the records fed it was, from 0; -1 where that is not known. */
  readonly fed: number;
}

/** What can be done to a job; kept until the next checkpoint, to be done again after a crash. */
type Action =
  | { readonly kind: 'feed'; readonly source: string; readonly fetched: FetchedRecords }
  | { readonly kind: 'idle' | 'active' | 'end'; readonly source: string; readonly partition: number }
  | { readonly kind: 'tick'; readonly nowMs: number }
  | { readonly kind: 'table'; readonly table: string; readonly edition: ReferenceRows };

/** A record with its place among all that were fed. */
interface Fed {
  readonly record: FedRecord;
  readonly number: number;
}

interface Checkpoint {
  /** Undefined: nothing was saved yet, a new job begins at the beginning. */
  readonly state: Uint8Array | undefined;
  readonly tables: Readonly<Record<string, ReferenceRows>>;
  readonly nowMs: number;
  /** How many rows had come out. */
  readonly seen: number;
}

/** What a run is made from. */
export interface VirtualRunParts {
  readonly testCase: TestCase;
  /** Partitions of every source. */
  readonly partitions: number;
  readonly compression: Compression;
}

/** Rows before and after a crash that should have been the same. */
export interface CrashDifference {
  readonly before: readonly SeenRow[];
  readonly after: readonly SeenRow[];
}

/**
 * A pipeline at work without a broker: records go through the decoder of production into the engine, time is what the
 * case says, and a crash is a new engine with the state that was saved last and the records since.
 */
export class VirtualRun {
  readonly #parts: VirtualRunParts;
  readonly #decoders: ReadonlyMap<string, JsonDecoder>;
  readonly #idle = new IdleWatch();
  /** Virtual time since the start, ms. */
  #elapsedMs = 0;
  /** When each partition was heard last, by source and partition. */
  readonly #heardMs = new Map<string, number>();
  readonly #offsets = new Map<string, number>();
  readonly #fed = new Map<string, Fed>();
  readonly #setAside = new Set<string>();
  #job: Job;
  #tables: Readonly<Record<string, ReferenceRows>>;
  #seen: SeenRow[] = [];
  #checkpoint: Checkpoint;
  #log: { readonly action: Action; readonly seen: number }[] = [];

  constructor(parts: VirtualRunParts) {
    this.#parts = parts;
    const { plan, tables } = parts.testCase;
    this.#tables = tables;
    this.#decoders = new Map(
      plan.sources.map(({ name }) => [name, new JsonDecoder(neededColumns(plan, name), parts.compression)]),
    );
    this.#checkpoint = { state: undefined, tables, nowMs: this.#nowMs, seen: 0 };
    this.#job = this.#newJob(this.#nowMs);
    for (const source of plan.sources) {
      for (const partition of this.partitions) {
        this.#idle.add({ topic: source.name, partition, idleTimeoutMs: source.idleTimeoutMs }, 0);
        this.#heardMs.set(placeOf(source.name, partition), 0);
      }
    }
    this.#lookAtTime();
  }

  /** Everything that came out so far. */
  get seen(): readonly SeenRow[] {
    return this.#seen;
  }

  /** Numbers of the partitions of every source. */
  get partitions(): readonly number[] {
    return Array.from({ length: this.#parts.partitions }, (_, partition) => partition);
  }

  watermark(): number {
    return this.#job.watermark();
  }

  /** Feeds records of one source to one of its partitions. @param offset of the first; undefined: the next one. */
  feed(source: string, partition: number, records: readonly FedRecord[], offset?: number): void {
    const place = placeOf(source, partition);
    const fromOffset = offset ?? this.#offsets.get(place) ?? 0;
    const nextOffset = fromOffset + records.length;
    this.#offsets.set(place, nextOffset);
    records.forEach((record, at) => {
      this.#fed.set(`${place} ${fromOffset + at}`, { record, number: this.#fed.size });
    });
    const fetched = fetchedRecords(records, { topic: source, partition }, fromOffset, this.#nowMs);
    this.#perform({ kind: 'feed', source, fetched });
    this.#setAside.delete(place);
    this.#heardMs.set(place, this.#elapsedMs);
    this.#idle.heard({ topic: source, partition }, this.#elapsedMs);
  }

  /** Lets virtual time pass: partitions become idle at their moment, in order. */
  advance(durationMs: number): void {
    const untilMs = this.#elapsedMs + durationMs;
    const timeouts = new Map(this.#parts.testCase.plan.sources.map(({ name, idleTimeoutMs }) => [name, idleTimeoutMs]));
    const due = [...this.#heardMs].map(
      ([place, heardMs]) => heardMs + timeouts.get(place.slice(0, place.indexOf('\n')))!,
    );
    const moments = [...new Set(due)].filter((moment) => moment > this.#elapsedMs && moment < untilMs);
    for (const moment of [...moments.sort((a, b) => a - b), untilMs]) {
      this.#elapsedMs = moment;
      this.#lookAtTime();
    }
  }

  /** The partition is silent, whatever the clock says. */
  setIdle(source: string, partition: number): void {
    this.#setAside.add(placeOf(source, partition));
    this.#perform({ kind: 'idle', source, partition });
  }

  end(source: string, partition: number): void {
    this.#perform({ kind: 'end', source, partition });
  }

  table(table: string, edition: ReferenceRows): void {
    this.#perform({ kind: 'table', table, edition });
  }

  /**
   * Brings the watermark of a source to where one partition with all its rows would have it: what is not decided by the
   * rows of a case, but by the partitions they happen to be in, is taken out. No partition is idle because of it.
   * @param newest the partition with the newest event time.
   */
  level(source: string, newest: number): void {
    const others = this.partitions.filter((partition) => partition !== newest);
    const wasAside = this.#setAside.has(placeOf(source, newest));
    if (wasAside) this.#perform({ kind: 'active', source, partition: newest });
    const active = others.filter((partition) => !this.#setAside.has(placeOf(source, partition)));
    for (const partition of active) this.#perform({ kind: 'idle', source, partition });
    for (const partition of active) this.#perform({ kind: 'active', source, partition });
    if (wasAside) this.#perform({ kind: 'idle', source, partition: newest });
  }

  /** Saves the state: what came out until now is final. */
  checkpoint(): void {
    this.#checkpoint = {
      state: this.#job.snapshot(),
      tables: this.#tables,
      nowMs: this.#nowMs,
      seen: this.#seen.length,
    };
    this.#log = [];
  }

  /**
   * Throws the engine away; a new one takes up the saved state and everything that happened since.
   * @returns the rows that differ from those before the crash; undefined when there are none.
   */
  crash(): CrashDifference | undefined {
    const { state, tables, nowMs, seen } = this.#checkpoint;
    const before = this.#seen;
    const log = this.#log;
    this.#seen = before.slice(0, seen);
    this.#tables = tables;
    this.#log = [];
    this.#job = this.#newJob(nowMs);
    if (state) this.#job.restore(state);
    let difference: CrashDifference | undefined;
    let from = seen;
    for (const { action, seen: until } of log) {
      this.#perform(action);
      const after = this.#seen.slice(from);
      difference ??= unlike(before.slice(from, until), after);
      // Later looks go by the places that rows had before the crash.
      if (difference) break;
      from = until;
    }
    return difference;
  }

  get #nowMs(): number {
    return this.#parts.testCase.nowMs + this.#elapsedMs;
  }

  #newJob(nowMs: number): Job {
    const { plan, parameters, hasNow } = this.#parts.testCase;
    const { partitions } = this;
    const job = compileJob(plan, {
      parameters,
      tables: this.#tables,
      partitions: Object.fromEntries(plan.sources.map(({ name }) => [name, partitions])),
      // Without a time of its own a case has rows of any time.
      ...(hasNow ? { maxAheadMs: MAX_AHEAD_MS } : {}),
    });
    job.tick(nowMs);
    return job;
  }

  #lookAtTime(): void {
    for (const { topic, partition } of this.#idle.newlyIdle(this.#elapsedMs, () => true))
      this.setIdle(topic, partition);
    this.#perform({ kind: 'tick', nowMs: this.#nowMs });
  }

  #perform(action: Action): void {
    const job = this.#job;
    switch (action.kind) {
      case 'feed':
        this.#decode(action.source, action.fetched);
        break;
      case 'tick':
        job.tick(action.nowMs);
        break;
      case 'table':
        this.#tables = { ...this.#tables, [action.table]: action.edition };
        job.table(action.table, action.edition);
        break;
      default:
        job[action.kind](action.source, action.partition);
    }
    for (const output of job.drain()) this.#take(output);
    this.#log.push({ action, seen: this.#seen.length });
  }

  /** Bytes become rows as in production; what is no row is rejected. */
  #decode(source: string, fetched: FetchedRecords): void {
    const { rows, rejected } = this.#decoders.get(source)!.decode(fetched);
    for (const { offset, reason } of rejected) {
      const fed = this.#fed.get(`${placeOf(source, fetched.partition)} ${offset}`);
      this.#seen.push(aside('rejected', source, fed, {}, reason));
    }
    if (rows.length > 0) this.#job.feed(source, rows);
  }

  #take(output: Output): void {
    const { batch } = output;
    for (let row = 0; row < batch.length; row++) {
      if (output.kind === 'result') {
        this.#seen.push({
          kind: 'result',
          place: output.sink,
          values: rowAt(batch, row),
          text: null,
          deleted: output.deleted?.[row] === 1,
          reason: output.reason,
          fed: -1,
        });
      } else {
        const fed = output.source === null ? undefined : this.#fedRow(output.source, batch, row);
        const reason = output.kind === 'late' ? 'late' : output.reasons[row]!;
        this.#seen.push(aside(output.kind, output.step, fed, rowAt(batch, row), reason));
      }
    }
  }

  #fedRow(source: string, batch: RowBatch, row: number): Fed | undefined {
    return this.#fed.get(`${placeOf(source, batch.partition)} ${batch.offsets?.[row]}`);
  }
}

function placeOf(source: string, partition: number): string {
  return `${source}\n${partition}`;
}

function aside(
  kind: 'late' | 'rejected',
  place: string,
  fed: Fed | undefined,
  decoded: RowValues,
  reason: string,
): SeenRow {
  const { values = null, text = null } = fed?.record ?? {};
  return { kind, place, values: values ?? decoded, text, deleted: false, reason, fed: fed?.number ?? -1 };
}

/** Text by which two rows that came out are told apart. */
export function seenText({ kind, place, values, text, deleted, reason }: SeenRow): string {
  return `${kind}\n${place}\n${deleted}\n${kind === 'late' ? '' : reason}\n${text ?? recordText(values)}`;
}

/** Both lists when they do not hold the same rows, in any order. */
function unlike(before: readonly SeenRow[], after: readonly SeenRow[]): CrashDifference | undefined {
  const texts = (rows: readonly SeenRow[]): string => rows.map(seenText).sort().join('\n\n');
  return before.length === after.length && texts(before) === texts(after) ? undefined : { before, after };
}
