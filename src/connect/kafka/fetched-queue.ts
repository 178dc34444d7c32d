import type { CompressionName } from '../../base/codec-interfaces.js';
import type { Timer } from '../../base/time.js';
import { compressionOf, readCompleteBatches } from '../../wire/record-batch.js';
import type { ClientEdges, FetchedRecords } from './interfaces.js';
import type { FetchedPartition, PartitionReader } from './partition-reader.js';

/** What was fetched and not taken yet, in order; a waiting taker is woken. */
export class FetchedQueue {
  readonly #edges: Pick<ClientEdges, 'clock' | 'compression'>;
  /** Codecs that are loaded: whoever unpacks the batches later need not wait. */
  readonly #prepared = new Set<CompressionName>(['none']);
  #items: FetchedPartition[] = [];
  /** Of paused partitions. */
  #held: FetchedPartition[] = [];
  #bytes = 0;
  /** What went wrong, and how many items came before it: they are given first, those that come behind it are not. */
  #failure: { readonly error: Error; after: number } | undefined;
  #waiter: { readonly timer: Timer; readonly done: () => void } | undefined;

  constructor(edges: Pick<ClientEdges, 'clock' | 'compression'>) {
    this.#edges = edges;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  async push(fetched: readonly FetchedPartition[]): Promise<void> {
    for (const item of fetched) {
      const missing = this.#missingCodecs(item.fetched);
      for (const name of missing) {
        await this.#edges.compression.prepare(name);
        this.#prepared.add(name);
      }
      if (item.reader.removed) continue;
      this.#bytes += item.fetched.records.length;
      (item.reader.paused ? this.#held : this.#items).push(item);
    }
    if (this.#items.length > 0) this.wake();
  }

  /** The next item; undefined after `timeoutMs` or {@link wake}. @throws what {@link fail} was told, once. */
  async take(timeoutMs: number): Promise<FetchedPartition | undefined> {
    if (this.#items.length === 0 && !this.#failure && timeoutMs > 0) await this.#wait(timeoutMs);
    const failure = this.#failure;
    if (failure && (failure.after === 0 || this.#items.length === 0)) {
      this.#failure = undefined;
      throw failure.error;
    }
    const item = this.#items.shift();
    if (failure) failure.after--;
    if (item) this.#bytes -= item.fetched.records.length;
    return item;
  }

  fail(error: Error): void {
    this.#failure ??= { error, after: this.#items.length };
    this.wake();
  }

  /** Drops what waits of a partition. */
  drop(reader: PartitionReader): void {
    const keep = (item: FetchedPartition): boolean => {
      if (item.reader === reader) this.#bytes -= item.fetched.records.length;
      return item.reader !== reader;
    };
    this.#items = this.#items.filter(keep);
    this.#held = this.#held.filter(keep);
  }

  /** Keeps back what waits of a partition, or gives it free again. */
  hold(reader: PartitionReader, held: boolean): void {
    const from = held ? this.#items : this.#held;
    const moved = from.filter((item) => item.reader === reader);
    if (moved.length === 0) return;
    const rest = from.filter((item) => item.reader !== reader);
    this.#items = held ? rest : [...moved, ...this.#items];
    this.#held = held ? [...this.#held, ...moved] : rest;
    if (!held) this.wake();
  }

  wake(): void {
    const waiter = this.#waiter;
    if (!waiter) return;
    this.#waiter = undefined;
    waiter.timer.cancel();
    waiter.done();
  }

  #wait(timeoutMs: number): Promise<void> {
    return new Promise((done) => {
      this.#waiter = { done, timer: this.#edges.clock.after(timeoutMs, () => this.wake()) };
    });
  }

  #missingCodecs(fetched: FetchedRecords): CompressionName[] {
    const names = readCompleteBatches(fetched.records).map(compressionOf);
    return [...new Set(names)].filter((name) => !this.#prepared.has(name));
  }
}
