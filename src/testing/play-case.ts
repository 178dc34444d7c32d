import { utf8 } from '../base/bytes.js';
import type { Compression } from '../base/codec-interfaces.js';
import { type Random, seededRandom } from '../base/random.js';
import { partitionOfKey } from '../wire/murmur2.js';
import { eventTimes } from './event-times.js';
import {
  type Expectation,
  type FedRecord,
  type FeedStep,
  hasOwnPartitions,
  isExpectation,
  type SilenceStep,
  type TestCase,
  type TestStep,
} from './test-case.js';
import { type Delays, type Newest, pieces, shuffled } from './vary-order.js';
import { type CrashDifference, VirtualRun } from './virtual-run.js';

/** One way to play a case. */
export interface Variant {
  /** 0: rows come as they are written. Others decide order, batches, partitions and a crash. */
  readonly seed: number;
  readonly partitions: number;
}

/** Looks at what comes out while a case is played. */
export interface Watcher {
  look(step: Expectation, run: VirtualRun): void;
  /** A new engine gave other rows than the one before it. @param line of the step at which it happened. */
  crashed(line: number, difference: CrashDifference): void;
  /** All steps are done. */
  ended(run: VirtualRun): void;
}

/** Records given to the engine at once as written: every change of a result is seen. */
const MAX_BATCH = 1;
/** Most of them where a seed decides: small, so that there are many ways to cut. */
const MAX_SEEDED_BATCH = 20;

/** A record with its event time and its line. */
interface PlacedRecord extends FedRecord {
  readonly timeMs: number;
  readonly line: number;
}

/** Something that happens when so many records were fed. */
interface Event {
  readonly at: number;
  readonly kind: 'checkpoint' | 'crash';
}

/** Plays a case once, in the way of `variant`, and shows what comes out to `watcher`. */
export function playCase(testCase: TestCase, variant: Variant, compression: Compression, watcher: Watcher): void {
  new Player(testCase, variant, compression, watcher).play();
}

class Player {
  readonly #case: TestCase;
  readonly #variant: Variant;
  readonly #watcher: Watcher;
  readonly #compression: Compression;
  readonly #run: VirtualRun;
  readonly #random: Random;
  readonly #ownPartitions: boolean;
  /** Largest event time per source, and the partition it was fed to. */
  readonly #newest: Newest = new Map();
  readonly #newestIn = new Map<string, { timeMs: number; partition: number }>();
  readonly #events: Event[];
  #fed = 0;
  #turn = 0;

  constructor(testCase: TestCase, variant: Variant, compression: Compression, watcher: Watcher) {
    this.#case = testCase;
    this.#variant = variant;
    this.#watcher = watcher;
    this.#compression = compression;
    this.#random = seededRandom(variant.seed * 1_000_003 + variant.partitions);
    this.#run = new VirtualRun({ testCase, partitions: variant.partitions, compression });
    this.#ownPartitions = hasOwnPartitions(testCase.steps);
    this.#events = plannedEvents(testCase, variant, this.#random);
  }

  play(): void {
    const { steps } = this.#case;
    for (let at = 0; at < steps.length; at++) {
      const step = steps[at]!;
      if (step.kind !== 'feed') {
        this.#fire(step.line, false);
        this.#step(step);
        continue;
      }
      const group = [step];
      // Feeds that follow each other are one stream of rows, unless the case says where its rows are.
      for (let next = steps[at + 1]; !this.#ownPartitions && next?.kind === 'feed'; next = steps[at + 1]) {
        group.push(next);
        at++;
      }
      this.#feed(group);
    }
    this.#fire(steps.at(-1)?.line ?? this.#case.line, true);
    this.#watcher.ended(this.#run);
  }

  #step(step: Exclude<TestStep, FeedStep>): void {
    const run = this.#run;
    if (isExpectation(step)) this.#watcher.look(step, run);
    else if (step.kind === 'advance') run.advance(step.durationMs);
    else if (step.kind === 'table') run.table(step.table, step.edition);
    else if (step.kind === 'idle' || step.kind === 'end') this.#silence(step);
    else if (step.kind === 'checkpoint') run.checkpoint();
    else this.#crash(step.line);
  }

  /** Partitions that are idle or have ended: those that the step names, else all. */
  #silence({ kind, source, partition }: SilenceStep): void {
    const run = this.#run;
    const sources = source === undefined ? this.#case.plan.sources.map(({ name }) => name) : [source];
    for (const name of sources) {
      for (const number of partition === undefined ? run.partitions : [partition]) {
        if (kind === 'idle') run.setIdle(name, number);
        else run.end(name, number);
      }
    }
  }

  #crash(line: number): void {
    const difference = this.#run.crash();
    if (difference) this.#watcher.crashed(line, difference);
  }

  #feed(group: readonly FeedStep[]): void {
    const records = group.flatMap((step) => this.#timed(step));
    const varied = this.#variant.seed > 0 && this.#case.anyOrder;
    const offset = group[0]!.offset;
    let first = true;
    for (const piece of pieces(records, this.#newest, (source) => this.#disorderMs(source))) {
      const ordered = varied
        ? shuffled(piece, this.#random, (source) => this.#disorderMs(source), delaysOf(this.#variant.seed))
        : piece;
      this.#feedPiece(ordered, first ? offset : undefined);
      first = false;
      for (const { name } of this.#case.plan.sources) this.#level(name);
    }
  }

  #feedPiece(records: readonly PlacedRecord[], offset: number | undefined): void {
    const placed = records.map((record) => ({ record, partition: this.#partitionOf(record) }));
    for (let at = 0; at < placed.length; ) {
      const { record, partition } = placed[at]!;
      this.#fire(record.line, false);
      const most = this.#variant.seed > 0 ? 1 + this.#random.below(MAX_SEEDED_BATCH) : MAX_BATCH;
      const nextEvent = this.#events[0]?.at ?? Number.POSITIVE_INFINITY;
      const limit = Math.min(at + most, at + Math.max(1, nextEvent - this.#fed));
      let end = at + 1;
      while (end < placed.length && end < limit) {
        const next = placed[end]!;
        if (next.partition !== partition || next.record.source !== record.source) break;
        end++;
      }
      const batch = placed.slice(at, end).map((one) => one.record);
      this.#run.feed(record.source, partition, batch, at === 0 ? offset : undefined);
      this.#noteNewest(record.source, partition, batch);
      this.#fed += batch.length;
      at = end;
    }
  }

  #noteNewest(source: string, partition: number, batch: readonly PlacedRecord[]): void {
    for (const { timeMs } of batch) {
      const known = this.#newestIn.get(source);
      if (!(timeMs <= (known?.timeMs ?? Number.NEGATIVE_INFINITY)) && !Number.isNaN(timeMs)) {
        this.#newestIn.set(source, { timeMs, partition });
      }
    }
  }

  #level(source: string): void {
    const newest = this.#newestIn.get(source);
    if (newest && this.#variant.partitions > 1 && !this.#ownPartitions) this.#run.level(source, newest.partition);
  }

  #partitionOf({ partition, key }: FedRecord): number {
    const { partitions, seed } = this.#variant;
    if (this.#ownPartitions) return partition ?? 0;
    if (key !== null) return partitionOfKey(utf8(key), partitions);
    return seed > 0 ? this.#random.below(partitions) : this.#turn++ % partitions;
  }

  #disorderMs(source: string): number {
    return this.#case.disorderMs ?? this.#case.plan.sources.find(({ name }) => name === source)!.latenessMs;
  }

  #timed(step: FeedStep): readonly PlacedRecord[] {
    const source = this.#case.plan.sources.find(({ name }) => name === step.source)!;
    const times = eventTimes(this.#case, source, step.records, this.#compression);
    return step.records.map((record, at) => ({ ...record, timeMs: times[at]!, line: step.line }));
  }

  /** Does what is due at this number of records. @param all also what is planned behind the last record. */
  #fire(line: number, all: boolean): void {
    while (this.#events.length > 0 && (all || this.#events[0]!.at <= this.#fed)) {
      const { kind } = this.#events.shift()!;
      if (kind === 'checkpoint') this.#run.checkpoint();
      else this.#crash(line);
    }
  }
}

/** The first two seeds move rows as far as they may, the others as it comes. */
function delaysOf(seed: number): Delays {
  if (seed > 2) return 'random';
  return seed === 1 ? 'even' : 'odd';
}

/**
 * Checkpoints that crashes go back to, and the crash of a seed: by the number of records fed before. As written, the state
 * that a `crash` finds is half way between it and what was saved before.
 */
function plannedEvents(testCase: TestCase, { seed }: Variant, random: Random): Event[] {
  const events: Event[] = [];
  let fed = 0;
  let since = 0;
  for (const step of testCase.steps) {
    if (step.kind === 'feed') fed += step.records.length;
    if (step.kind === 'checkpoint') since = fed;
    if (step.kind !== 'crash') continue;
    const saved = testCase.steps.slice(0, testCase.steps.indexOf(step)).some((other) => other.kind === 'checkpoint');
    if (!saved && fed > since) {
      const at = seed > 0 ? since + random.below(fed - since + 1) : since + Math.floor((fed - since) / 2);
      events.push({ at, kind: 'checkpoint' });
    }
    since = fed;
  }
  if (seed > 0 && testCase.crashes) {
    const crash = random.below(fed + 1);
    events.push({ at: random.below(crash + 1), kind: 'checkpoint' }, { at: crash, kind: 'crash' });
  }
  return events.sort((a, b) => a.at - b.at || (a.kind === b.kind ? 0 : a.kind === 'checkpoint' ? -1 : 1));
}
