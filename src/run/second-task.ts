import type { Compression } from '../base/codec-interfaces.js';
import type {
  CommitOffset,
  FetchedRecords,
  TopicPartition,
  TopicPartitionOffset,
} from '../connect/kafka/interfaces.js';
import type { ReferenceRows, SecondPhaseJob } from '../engine/job.js';
import { encodeMark } from './checkpoint-mark.js';
import { eachRecord } from './each-record.js';
import { keyOf } from './idle-watch.js';
import type { Loop } from './loop.js';
import type { StateStore } from './state-store.js';
import type { StateMark } from './state-topic.js';

/** A partition of an exchange, and where it is read from. */
export interface Entry extends TopicPartitionOffset {
  readonly exchange: string;
}

/** What a {@link SecondTask} is made of. */
export interface SecondParts {
  /** Names its state. */
  readonly part: string;
  readonly share: number;
  /** Number of shares of the part. */
  readonly shares: number;
  readonly job: SecondPhaseJob;
  readonly loop: Loop;
  readonly entries: readonly Entry[];
  readonly state: StateMark | undefined;
  readonly closedAtEof: boolean;
  readonly compression: Compression;
}

/** One share of the steps behind an exchange: takes blocks of all workers, gives out results. */
export class SecondTask {
  readonly #parts: SecondParts;
  readonly #next: Map<string, number>;
  #state: StateMark | undefined;
  #closedAtEof: boolean;
  #changed = false;

  constructor(parts: SecondParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#closedAtEof = parts.closedAtEof;
    this.#next = new Map(parts.entries.map((entry) => [keyOf(entry), entry.offset]));
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** Whether its windows were given out and nothing has come since. */
  get closed(): boolean {
    return this.#closedAtEof && !this.#changed;
  }

  get entries(): readonly TopicPartition[] {
    return this.#parts.entries;
  }

  get watermark(): number {
    return this.#parts.job.watermark();
  }

  /** False when the records are not of its exchanges. */
  async take(records: FetchedRecords): Promise<boolean> {
    const key = keyOf(records);
    const next = this.#next.get(key);
    if (next === undefined) return false;
    if (records.fromOffset !== next) return true;
    const { job, loop, entries, compression } = this.#parts;
    const { exchange } = entries.find((entry) => keyOf(entry) === key)!;
    eachRecord(records, compression, (cursor) => {
      this.#changed = true;
      job.takeBlock(exchange, cursor.value()!);
    });
    this.#next.set(key, records.nextOffset);
    await loop.deliver();
    return true;
  }

  /** Whether everything below these offsets was taken. */
  hasReached(ends: ReadonlyMap<string, number>): boolean {
    return [...this.#next].every(([key, next]) => next >= (ends.get(key) ?? 0));
  }

  takeTables(editions: ReadonlyMap<string, ReferenceRows>): void {
    for (const [name, edition] of editions) this.#parts.job.table(name, edition);
  }

  /** Tells the time of day, and gives out what came of it. */
  async lookAtTime(nowMs: number): Promise<void> {
    this.#parts.job.tick(nowMs);
    await this.#parts.loop.deliver();
  }

  /** Writes its state; it counts once {@link positions} are committed. */
  async write(states: StateStore): Promise<void> {
    const { part, share, job } = this.#parts;
    const owner = `${part}/${share}`;
    const slot = this.#state?.owner === owner ? 1 - this.#state.slot : 0;
    this.#state = await states.write(job.snapshot(), { owner, slot });
    this.#closedAtEof = false;
  }

  /** The state was committed as it is now. */
  settled(): void {
    this.#changed = false;
  }

  /** Gives out every open window; its saved state still has them. */
  async close(): Promise<void> {
    this.#parts.job.close('eof');
    await this.#parts.loop.deliver();
    this.#closedAtEof = true;
  }

  /** Offsets and what state belongs to them. */
  positions(): readonly CommitOffset[] {
    const { entries, shares } = this.#parts;
    const metadata = encodeMark({ kind: 'second', state: this.#state, closedAtEof: this.#closedAtEof, shares });
    return entries.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: this.#next.get(keyOf({ topic, partition }))!,
      metadata,
    }));
  }
}
