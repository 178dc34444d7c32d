import type { SourceMetrics } from './job.js';
import type { StateReader } from './state/state-reader.js';
import type { StateWriter } from './state/state-writer.js';

interface Partition {
  /** Largest event time seen. */
  newest: number;
  idle: boolean;
  ended: boolean;
}

/** Bound of the partitions of one source. */
const MAX_PARTITIONS = 100_000;

/**
 * Watermark of one source: per partition the largest event time minus the lateness, merged by the smallest of
 * the partitions that are neither idle nor ended. It never goes back.
 */
export class Watermarks {
  readonly #latenessMs: number;
  readonly #partitions = new Map<number, Partition>();
  #merged = Number.NEGATIVE_INFINITY;

  constructor(latenessMs: number) {
    this.#latenessMs = latenessMs;
  }

  /** The watermark in force; Infinity when every partition ended. */
  get merged(): number {
    return this.#merged;
  }

  /** Whether no partition counts any more, but not all ended. */
  get allIdle(): boolean {
    const all = [...this.#partitions.values()];
    return all.some((partition) => !partition.ended) && all.every((partition) => partition.idle || partition.ended);
  }

  /** Whether there are partitions and all of them ended. */
  get allEnded(): boolean {
    return this.#partitions.size > 0 && [...this.#partitions.values()].every((partition) => partition.ended);
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number);
    if (!partition && this.#partitions.size < MAX_PARTITIONS) {
      partition = { newest: Number.NEGATIVE_INFINITY, idle: false, ended: false };
      this.#partitions.set(number, partition);
    }
    return partition ?? { newest: Number.POSITIVE_INFINITY, idle: true, ended: false };
  }

  /** A partition counts from now on. */
  assign(number: number): void {
    const partition = this.#partition(number);
    partition.idle = false;
    partition.ended = false;
  }

  /** A partition no longer counts. */
  revoke(number: number): void {
    this.#partitions.delete(number);
    this.#advance();
  }

  /** A partition is set aside, or counts again. */
  setIdle(number: number, idle: boolean): void {
    this.#partition(number).idle = idle;
    this.#advance();
  }

  /** No more rows come from a partition. */
  end(number: number): void {
    this.#partition(number).ended = true;
    this.#advance();
  }

  /**
   * Takes the event times of rows of one partition, in their order, and writes for each row the watermark that
   * was in force before it. Rows without an event time (NaN) do not count.
   */
  observe(number: number, times: Float64Array, before: Float64Array): void {
    const partition = this.#partition(number);
    partition.idle = false;
    partition.ended = false;
    const others = this.#others(partition);
    let { newest } = partition;
    let merged = this.#merged;
    for (let row = 0; row < times.length; row++) {
      before[row] = merged;
      const time = times[row]!;
      if (time > newest) {
        newest = time;
        const own = newest - this.#latenessMs;
        const next = Math.min(own, others);
        if (next > merged) merged = next;
      }
    }
    partition.newest = newest;
    this.#merged = merged;
  }

  /** As {@link observe}, where each row brings the watermark of its own partition that was in force before it. */
  observeOwn(number: number, own: Float64Array, before: Float64Array): void {
    const partition = this.#partition(number);
    partition.idle = false;
    partition.ended = false;
    const others = this.#others(partition);
    let merged = this.#merged;
    for (let row = 0; row < own.length; row++) {
      merged = Math.max(merged, Math.min(own[row]!, others));
      before[row] = merged;
      partition.newest = Math.max(partition.newest, own[row]! + this.#latenessMs);
    }
    this.#merged = merged;
  }

  /** The partition has rows up to `newest`, seen elsewhere. */
  reached(number: number, newest: number): void {
    const partition = this.#partition(number);
    partition.newest = Math.max(partition.newest, newest);
    this.#advance();
  }

  /** Largest event time of a partition, -Infinity before its first row. */
  newest(number: number): number {
    return this.#partitions.get(number)?.newest ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether a partition is set aside. */
  isIdle(number: number): boolean {
    return this.#partitions.get(number)?.idle ?? false;
  }

  /** Smallest watermark of the other partitions that count. */
  #others(partition: Partition): number {
    let others = Number.POSITIVE_INFINITY;
    for (const other of this.#partitions.values()) {
      if (other !== partition && !other.idle && !other.ended)
        others = Math.min(others, other.newest - this.#latenessMs);
    }
    return others;
  }

  #advance(): void {
    let smallest = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    let active = 0;
    for (const partition of this.#partitions.values()) {
      const own = partition.newest - this.#latenessMs;
      largest = Math.max(largest, own);
      if (partition.idle || partition.ended) continue;
      active++;
      smallest = Math.min(smallest, own);
    }
    if (this.#partitions.size === 0) return;
    const merged = active > 0 ? smallest : this.allEnded ? Number.POSITIVE_INFINITY : largest;
    this.#merged = Math.max(this.#merged, merged);
  }

  /** For {@link SourceMetrics}. */
  metrics(): SourceMetrics['partitions'] {
    return [...this.#partitions].map(([partition, { newest, idle, ended }]) => ({
      partition,
      watermark: newest - this.#latenessMs,
      idle,
      ended,
    }));
  }

  /** Writes the state of all partitions. */
  save(writer: StateWriter): void {
    writer.number(this.#merged);
    writer.count(this.#partitions.size);
    for (const [number, { newest, idle, ended }] of this.#partitions) {
      writer.count(number);
      writer.number(newest);
      writer.byte((idle ? 1 : 0) + (ended ? 2 : 0));
    }
  }

  /** Reads what {@link Watermarks.save} wrote; of several the newest counts. */
  load(reader: StateReader): void {
    this.#merged = Math.max(this.#merged, reader.number());
    const count = reader.length();
    for (let at = 0; at < count; at++) {
      const number = reader.count();
      const newest = Math.max(reader.number(), this.newest(number));
      const flags = reader.byte();
      this.#partitions.set(number, { newest, idle: (flags & 1) !== 0, ended: (flags & 2) !== 0 });
    }
  }
}
