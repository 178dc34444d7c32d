import { utf8 } from '../base/bytes.js';
import type { Clock } from '../base/time.js';
import type { Fetcher } from '../connect/kafka/contracts.js';
import type {
  CommitOffset,
  FetchedRecords,
  TopicPartition,
  TopicPartitionOffset,
} from '../connect/kafka/interfaces.js';
import type { FirstPhaseJob, ReferenceRows } from '../engine/job.js';
import type { ExchangeTopic } from './exchange-topics.js';
import { keyOf } from './idle-watch.js';
import type { WorkOutput } from './output.js';
import type { Report } from './report.js';
import type { SecondTask } from './second-task.js';
import type { StateMark } from './state-topic.js';
import type { Task } from './task.js';
import type { Work } from './work.js';

/** The first phase over one partition of a source. */
export interface FirstTask extends TopicPartition {
  readonly task: Task;
  readonly job: FirstPhaseJob;
}

/** What one of several workers has to do. */
export interface SharedParts {
  readonly clock: Clock;
  readonly report: Report;
  readonly fetcher: Fetcher;
  readonly output: WorkOutput;
  readonly exchanges: readonly ExchangeTopic[];
  readonly firsts: readonly FirstTask[];
  readonly seconds: readonly SecondTask[];
  /** Number of the assignment. */
  readonly epoch: number;
  readonly base: StateMark | undefined;
  /**
   * For one worker alone that finds exchanges in which something is left: their ends. The sources wait until it was taken;
   * then the work is over.
   */
  readonly drainTo: ReadonlyMap<string, number> | undefined;
  /** At the end of a bounded run the windows stay open. */
  readonly keepOpen: boolean;
  /** Of a bounded run: whether every worker has committed all its partitions to the end. */
  readonly allRead: () => Promise<boolean>;
  /** Lets the broker forget what was taken from the exchanges. */
  readonly forget: (offsets: readonly TopicPartitionOffset[]) => Promise<void>;
  /** Where exchanges end now. */
  readonly endsOf: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
}

/** How often blocks that were taken are deleted. */
const FORGET_EVERY_MS = 30_000;
/** How often others are asked whether they are as far. */
const ASK_EVERY_MS = 200;

/**
 * One of several workers of a pipeline. Its source partitions go through the first phase, partition by partition; what comes
 * of them is appended to the exchanges at each checkpoint. Of the second phase it has some shares. Blocks, results, state and
 * the offsets of both phases are one transaction, so that every block is made once and taken once, whoever dies.
 */
export class SharedWork implements Work {
  readonly full = false;
  readonly #parts: SharedParts;
  readonly #topics: ReadonlyMap<string, string>;
  readonly #firsts: ReadonlyMap<string, FirstTask>;
  /** Partitions of which the second phase knows that they are silent. */
  readonly #toldIdle = new Set<string>();
  #saved = false;
  #forgotMs: number;
  #askedMs = Number.NEGATIVE_INFINITY;
  #ends: ReadonlyMap<string, number> | undefined;

  constructor(parts: SharedParts) {
    this.#parts = parts;
    this.#forgotMs = parts.clock.elapsed();
    this.#topics = new Map(parts.exchanges.map(({ exchange, topic }) => [exchange, topic]));
    this.#firsts = new Map(parts.firsts.map((first) => [keyOf(first), first]));
    const entries = parts.seconds.flatMap((second) => second.positions());
    parts.fetcher.assign(entries);
    if (parts.drainTo) parts.fetcher.pause(parts.firsts);
  }

  get changed(): boolean {
    return this.#parts.firsts.some((first) => this.#hasNews(first)) || this.#parts.seconds.some((one) => one.changed);
  }

  /** The second phase waits for the first. */
  get gaveOut(): boolean {
    return this.changed;
  }

  get finished(): boolean {
    return this.#parts.drainTo === undefined && this.#parts.firsts.every(({ task }) => task.finished);
  }

  get over(): boolean {
    const { drainTo, seconds } = this.#parts;
    return drainTo !== undefined && this.#saved && !this.changed && seconds.every((one) => one.hasReached(drainTo));
  }

  async take(records: FetchedRecords): Promise<void> {
    const first = this.#firsts.get(keyOf(records));
    if (first) {
      await first.task.take(records);
      if (first.job.gathered) await this.#send(first);
      return;
    }
    for (const second of this.#parts.seconds) if (await second.take(records)) break;
    this.#tellWatermark();
  }

  #tellWatermark(): void {
    const { seconds, firsts, report } = this.#parts;
    const all =
      seconds.length > 0 ? seconds.map(({ watermark }) => watermark) : firsts.map(({ job }) => job.watermark());
    report.watermark(Math.min(...all));
  }

  async lookAtTime(): Promise<void> {
    const { firsts, seconds, clock, drainTo } = this.#parts;
    if (!drainTo) for (const { task } of firsts) await task.lookAtTime();
    for (const second of seconds) await second.lookAtTime(clock.now());
    this.#tellWatermark();
    // Nothing may be left to do but to say so.
    if (drainTo && !this.#saved && seconds.every((one) => one.hasReached(drainTo))) await this.save();
  }

  takeTables(editions: ReadonlyMap<string, ReferenceRows>): void {
    for (const { task } of this.#parts.firsts) task.takeTables(editions);
    for (const second of this.#parts.seconds) second.takeTables(editions);
  }

  /** Whether the second phase has to hear of a partition: of its rows, or that it fell silent. */
  #hasNews(first: FirstTask): boolean {
    return first.task.changed || first.task.allIdle !== this.#toldIdle.has(keyOf(first));
  }

  /** Appends what came of a partition to the exchanges: every share hears how far it is. */
  async #send({ job, partition, topic }: FirstTask): Promise<void> {
    const { producer } = this.#parts.output;
    const key = utf8(keyOf({ topic, partition }));
    for (const { exchange, share, bytes } of job.blocks(partition, this.#parts.epoch)) {
      if (!producer.append(this.#topics.get(exchange)!, share, key, bytes)) await producer.ready();
    }
  }

  async save(): Promise<void> {
    const { firsts, seconds, output } = this.#parts;
    for (const first of firsts) {
      if (!this.#hasNews(first)) continue;
      await this.#send(first);
      if (first.task.allIdle) this.#toldIdle.add(keyOf(first));
      else this.#toldIdle.delete(keyOf(first));
    }
    // The first time, every share says what its state is: from then on that of the one worker before does not count.
    for (const second of seconds) {
      if (second.changed || (!this.#saved && !second.closed)) await second.write(output.states);
    }
    await this.#commit();
    output.states.committed();
    for (const { task } of firsts) task.settled();
    for (const second of seconds) second.settled();
    this.#saved = true;
    await this.#forget();
  }

  /** Every share's blocks before its committed offsets: nobody reads them again. */
  async #forget(): Promise<void> {
    const { clock, seconds, forget } = this.#parts;
    if (clock.elapsed() - this.#forgotMs < FORGET_EVERY_MS) return;
    this.#forgotMs = clock.elapsed();
    // A cluster that does not allow it keeps them; that costs room and nothing else.
    await forget(seconds.flatMap((second) => second.positions())).catch(() => undefined);
  }

  async #commit(): Promise<void> {
    const { firsts, seconds, base, output } = this.#parts;
    const offsets: CommitOffset[] = [
      ...firsts.flatMap(({ task }) => task.positions((newest) => ({ kind: 'first', newest, base }))),
      ...seconds.flatMap((second) => second.positions()),
    ];
    await output.committer.commit(offsets);
  }

  /**
   * What came of all partitions has to be in the exchanges first, and what is in them taken. Then the state is saved with its
   * windows open, and they are given out.
   */
  async finish(): Promise<boolean> {
    const { seconds, clock, allRead, endsOf, keepOpen } = this.#parts;
    if (this.changed || !this.#saved) await this.save();
    if (this.#ends === undefined) {
      if (clock.elapsed() - this.#askedMs < ASK_EVERY_MS) return false;
      this.#askedMs = clock.elapsed();
      if (!(await allRead())) return false;
      this.#ends = await endsOf(seconds.flatMap(({ entries }) => entries));
    }
    if (!seconds.every((one) => one.hasReached(this.#ends!))) return false;
    if (keepOpen) {
      if (this.changed) await this.save();
      return true;
    }
    const open = seconds.filter((one) => !one.closed);
    for (const second of open) await second.close();
    if (open.length > 0) await this.#commit();
    return true;
  }

  async stop(): Promise<void> {
    if (this.changed) await this.save();
  }

  positions(): readonly TopicPartitionOffset[] {
    return this.#parts.firsts.flatMap(({ task }) => task.positions());
  }

  lags(): ReadonlyMap<string, number | null> {
    const lags = new Map<string, number | null>();
    for (const { task } of this.#parts.firsts) {
      for (const [topic, lag] of task.lags()) {
        const before = lags.get(topic);
        lags.set(topic, lag === null || before === null ? null : (before ?? 0) + lag);
      }
    }
    return lags;
  }

  pause(): void {
    for (const { task } of this.#parts.firsts) task.pause();
  }

  resume(): void {
    if (!this.#parts.drainTo) for (const { task } of this.#parts.firsts) task.resume();
  }

  async close(): Promise<void> {
    await this.#parts.output.close();
    this.#drop();
  }

  async abandon(): Promise<void> {
    this.#drop();
    await this.#parts.output.abandon();
  }

  #drop(): void {
    for (const { task } of this.#parts.firsts) task.drop();
    this.#parts.fetcher.remove(this.#parts.seconds.flatMap(({ entries }) => entries));
  }
}
