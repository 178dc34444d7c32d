import type { Clock } from '../base/time.js';
import type { Fetcher } from '../connect/kafka/contracts.js';
import type {
  CommitOffset,
  FetchedRecords,
  TopicPartition,
  TopicPartitionOffset,
} from '../connect/kafka/interfaces.js';
import type { Job, ReferenceRows } from '../engine/job.js';
import { type CheckpointMark, encodeMark, type Newest } from './checkpoint-mark.js';
import { IdleWatch, keyOf } from './idle-watch.js';
import { Loop, type LoopParts, type LoopSource } from './loop.js';
import type { Report } from './report.js';
import type { ResultWriter } from './result-writer.js';
import type { SideOutputs } from './side-outputs.js';

/** What a task works with. */
export interface TaskParts {
  readonly clock: Clock;
  readonly fetcher: Fetcher;
  readonly job: Job;
  readonly sources: readonly (LoopSource & { readonly idleTimeoutMs: number })[];
  readonly results: ResultWriter | undefined;
  readonly side: SideOutputs | undefined;
  readonly report: Report;
  readonly rejected: LoopParts['rejected'];
  /** Largest event time of a partition as of the last checkpoint, where the job's own state does not tell it. */
  readonly newest?: (source: string) => number | undefined;
  /** The watermark of the work is told by somebody else. */
  readonly quiet?: boolean;
  /** Where each partition is read from. */
  readonly start: readonly TopicPartitionOffset[];
  /** Where each partition ends; undefined: it goes on for ever. */
  readonly ends: ReadonlyMap<string, number> | undefined;
}

interface Owned extends TopicPartition {
  /** One past the last offset whose record is in the job's state. */
  nextOffset: number;
  readonly endOffset: number;
  ended: boolean;
}

/** A job with the partitions that feed it: made when they are assigned, thrown away when they are taken. */
export class Task {
  readonly #parts: TaskParts;
  readonly #loop: Loop;
  readonly #idle = new IdleWatch();
  readonly #owned = new Map<string, Owned>();
  #tookRecords = false;
  /** What the loop had delivered when the state was saved last. */
  #settledAt = 0;

  constructor(parts: TaskParts) {
    this.#parts = parts;
    this.#loop = new Loop({
      sources: parts.sources,
      job: parts.job,
      results: parts.results,
      side: parts.side,
      report: parts.report,
      rejected: parts.rejected,
      endOf: (records) => this.#owned.get(keyOf(records))?.endOffset ?? 0,
    });
    for (const from of parts.start) this.#own(from);
    parts.fetcher.assign(parts.start);
  }

  /** Whether records were taken or results given out since the last call of {@link settled}. */
  get changed(): boolean {
    return this.#tookRecords || this.gaveOut;
  }

  /** Whether results were given out since then: somebody may be waiting for them. */
  get gaveOut(): boolean {
    return this.#loop.delivered > this.#settledAt;
  }

  /** The state of the job was saved as it is now. */
  settled(): void {
    this.#tookRecords = false;
    this.#settledAt = this.#loop.delivered;
  }

  /** Takes fetched records; those of a partition that was taken away meanwhile, or that were read before, are left. */
  async take(records: FetchedRecords): Promise<void> {
    const owned = this.#owned.get(keyOf(records));
    if (!owned || records.fromOffset !== owned.nextOffset || owned.nextOffset >= owned.endOffset) return;
    this.#idle.heard(records, this.#parts.clock.elapsed());
    await this.#loop.walk(records);
    await this.#parts.report.ready();
    this.#tookRecords = true;
    owned.nextOffset = Math.min(records.nextOffset, owned.endOffset);
    this.#tellWatermark();
  }

  #tellWatermark(): void {
    const { report, job, quiet } = this.#parts;
    if (!quiet) report.watermark(job.watermark());
  }

  /** Does what time alone brings about: partitions become idle, reach their end, windows close. */
  async lookAtTime(): Promise<void> {
    const { job, clock } = this.#parts;
    const newlyIdle = this.#idle.newlyIdle(clock.elapsed(), (partition) => this.#caughtUp(partition));
    for (const partition of newlyIdle) this.#setAside(partition);
    this.#setEndedAside();
    job.tick(clock.now());
    await this.#loop.deliver();
    this.#tellWatermark();
  }

  /** Newer editions of tables: rows that come from now on are looked up in them. */
  takeTables(editions: ReadonlyMap<string, ReferenceRows>): void {
    for (const [name, edition] of editions) this.#parts.job.table(name, edition);
  }

  /** Whether every partition was read up to its end. */
  get finished(): boolean {
    for (const owned of this.#owned.values()) if (owned.nextOffset < owned.endOffset) return false;
    return this.#parts.ends !== undefined;
  }

  /** Whether everything there is was read, and nothing came for the idle time of every partition. */
  get allIdle(): boolean {
    return this.#idle.allIdle();
  }

  /** Gives out every open window. The job takes no more rows afterwards. */
  async close(reason: 'eof' | 'timeout'): Promise<void> {
    this.#parts.job.close(reason);
    await this.#loop.deliver();
  }

  /** Everything that is needed to go on later, as of the last record taken. */
  snapshot(): Uint8Array {
    return this.#parts.job.snapshot();
  }

  /** Where a next run goes on. @param markOf gives what is stored beside an offset. */
  positions(markOf?: (newest: Newest) => CheckpointMark): readonly CommitOffset[] {
    return [...this.#owned.values()].map(({ topic, partition, nextOffset }) => ({
      topic,
      partition,
      offset: nextOffset,
      ...(markOf ? { metadata: encodeMark(markOf(this.#newestOf({ topic, partition }))) } : {}),
    }));
  }

  #newestOf({ topic, partition }: TopicPartition): Newest {
    const { sources, job } = this.#parts;
    const fed = sources.filter((source) => source.topic === topic);
    const newest = fed.map(({ name }): [string, number] => [name, job.newest(name, partition)]);
    return Object.fromEntries(newest.filter(([, time]) => Number.isFinite(time)));
  }

  /** Records not read yet, by topic; null for a topic of which a partition has not answered yet. */
  lags(): ReadonlyMap<string, number | null> {
    const lags = new Map<string, number | null>();
    for (const owned of this.#owned.values()) {
      const end = this.#parts.ends ? owned.endOffset : this.#parts.fetcher.endOffset(owned);
      const before = lags.get(owned.topic);
      const lag = end === undefined || before === null ? null : (before ?? 0) + Math.max(0, end - owned.nextOffset);
      lags.set(owned.topic, lag);
    }
    return lags;
  }

  pause(): void {
    this.#parts.fetcher.pause([...this.#owned.values()]);
  }

  resume(): void {
    this.#parts.fetcher.resume([...this.#owned.values()]);
  }

  /** Stops fetching; what is in the job is lost unless it was saved. */
  drop(): void {
    this.#parts.fetcher.remove([...this.#owned.values()]);
    this.#owned.clear();
  }

  #own({ topic, partition, offset }: TopicPartitionOffset): void {
    const endOffset = this.#parts.ends?.get(keyOf({ topic, partition })) ?? Number.POSITIVE_INFINITY;
    this.#owned.set(keyOf({ topic, partition }), { topic, partition, nextOffset: offset, endOffset, ended: false });
    const fed = this.#parts.sources.filter((source) => source.topic === topic);
    for (const { name } of fed) this.#parts.job.assign(name, partition, this.#parts.newest?.(name));
    const idleTimeoutMs = Math.max(...fed.map((source) => source.idleTimeoutMs));
    this.#idle.add({ topic, partition, idleTimeoutMs }, this.#parts.clock.elapsed());
  }

  /** The watermark goes on without this partition until its next row. */
  #setAside({ topic, partition }: TopicPartition): void {
    for (const source of this.#parts.sources) {
      if (source.topic === topic) this.#parts.job.idle(source.name, partition);
    }
  }

  /**
   * In a bounded run a partition that was read up to its end waits for nobody, so it must not hold back the windows of
   * the others. The last one is left: what is open then closes at once, by `close`.
   */
  #setEndedAside(): void {
    if (!this.#parts.ends || this.finished) return;
    for (const owned of this.#owned.values()) {
      if (owned.ended || owned.nextOffset < owned.endOffset) continue;
      owned.ended = true;
      this.#setAside(owned);
    }
  }

  #caughtUp(partition: TopicPartition): boolean {
    const owned = this.#owned.get(keyOf(partition))!;
    if (owned.endOffset !== Number.POSITIVE_INFINITY) return false;
    const end = this.#parts.fetcher.endOffset(partition);
    return end !== undefined && owned.nextOffset >= end;
  }
}
