import { batchOf, type RowBatch } from '../../src/base/row-batch.js';
import { compileJob, compilePhase } from '../../src/engine/compile-job.js';
import type { FirstPhaseJob, Job, JobOptions, Output, SecondPhaseJob } from '../../src/engine/job.js';
import { phasesOf } from '../../src/plan/phases.js';
import type { Plan } from '../../src/plan/plan.js';
import type { FedRow } from './changing.js';

/** How rows are done by several workers. */
export interface Phasing {
  readonly partitions: number;
  /** Shares of each step that can be shared out. */
  readonly shares: number;
  /** Numbers that decide, one after the other, what happens between two batches. */
  readonly turns: readonly number[];
  readonly options?: JobOptions;
}

interface Second {
  job: SecondPhaseJob;
  readonly part: string;
  readonly share: number;
  /** Blocks on their way, by exchange; those of one exchange keep their order. */
  readonly waiting: Map<string, Uint8Array[]>;
}

/** The workers of a plan in one place: partitions are read, flushed and moved, and blocks delivered, in any order. */
export class PhasedRun {
  readonly outputs: Output[] = [];
  readonly #plan: Plan;
  readonly #phasing: Phasing;
  readonly #newest = new Map<string, number>();
  #firsts = new Map<number, FirstPhaseJob>();
  #seconds: Second[] = [];
  /** While one worker has everything. */
  #whole: Job | undefined;
  #turn = 0;
  #epoch = 1;

  constructor(plan: Plan, phasing: Phasing) {
    this.#plan = plan;
    this.#phasing = phasing;
    this.#spread(undefined);
  }

  /** Runs rows in their order to the end of all partitions. */
  run(rows: readonly FedRow[], most = 3): Output[] {
    const columns = new Map(this.#plan.sources.map((source) => [source.name, source.columns]));
    const first = this.#plan.sources[0]!.name;
    for (let at = 0; at < rows.length; ) {
      const { partition, source = first } = rows[at]!;
      const end = at + 1 + (this.#next() % most);
      const own = rows.slice(at, end);
      const length = own.findIndex((row) => row.partition !== partition || (row.source ?? first) !== source);
      const taken = length < 0 ? own : own.slice(0, length);
      const offsets = Float64Array.from(taken, (_, index) => at + index);
      this.feed(source, batchOf(columns.get(source)!, taken, { partition, offsets }));
      at += taken.length;
    }
    return this.end();
  }

  /** Reads rows of one partition, then does something else. */
  feed(source: string, batch: RowBatch): void {
    const job = this.#whole ?? this.#firsts.get(batch.partition)!;
    job.feed(source, batch);
    this.#between();
  }

  /** Everything is read: what is open is given out. */
  end(): Output[] {
    if (!this.#whole) this.#settle();
    for (const job of this.#whole ? [this.#whole] : this.#seconds.map(({ job: one }) => one)) job.close('eof');
    this.#collect();
    return this.outputs;
  }

  #next(): number {
    const { turns } = this.#phasing;
    return turns[this.#turn++ % turns.length]!;
  }

  #between(): void {
    const what = this.#next() % 12;
    const which = this.#next();
    if (this.#whole) {
      if (what < 3) this.#spread(this.#gather());
      this.#collect();
      return;
    }
    if (what < 5) this.#flush(which % this.#phasing.partitions);
    else if (what < 9) this.#deliver(this.#seconds[which % this.#seconds.length]!, 1 + (which % 3));
    else if (what === 9) this.#move(which);
    else if (what === 10) {
      this.#settle();
      const parts = this.#seconds.map(({ job }) => job.snapshot());
      this.#whole = compileJob(this.#plan, this.#phasing.options);
      this.#whole.restore(...parts);
      this.#assign(this.#whole);
    }
    this.#collect();
  }

  #collect(): void {
    const jobs = [this.#whole, ...this.#firsts.values(), ...this.#seconds.map(({ job }) => job)];
    for (const job of jobs) if (job) this.outputs.push(...job.drain());
  }

  #flush(partition: number): void {
    for (const { exchange, share, bytes } of this.#firsts.get(partition)!.blocks(partition, this.#epoch)) {
      const second = this.#seconds.find((one) => one.waiting.has(exchange) && one.share === share)!;
      second.waiting.get(exchange)!.push(bytes);
    }
  }

  #deliver({ job, waiting }: Second, most: number): void {
    for (const [exchange, blocks] of waiting)
      for (const bytes of blocks.splice(0, most)) job.takeBlock(exchange, bytes);
  }

  /** A step or a partition goes to another worker. */
  #move(which: number): void {
    const second = this.#seconds[which % this.#seconds.length]!;
    this.#collect();
    const saved = second.job.snapshot();
    second.job = this.#makeSecond(second.part, second.share);
    second.job.restore(saved);
    this.#assign(second.job);
    const partition = which % this.#phasing.partitions;
    this.#flush(partition);
    this.#remember();
    this.#firsts.set(partition, this.#makeFirst(partition));
  }

  /** Everything that was read is in the second phase. */
  #settle(): void {
    for (const partition of this.#firsts.keys()) this.#flush(partition);
    for (const second of this.#seconds) this.#deliver(second, Number.POSITIVE_INFINITY);
    this.#remember();
    this.#collect();
  }

  #remember(): void {
    for (const { name } of this.#plan.sources) {
      for (const [partition, job] of this.#firsts)
        this.#newest.set(`${name} ${partition}`, job.newest(name, partition));
      if (!this.#whole) continue;
      for (let at = 0; at < this.#phasing.partitions; at++)
        this.#newest.set(`${name} ${at}`, this.#whole.newest(name, at));
    }
  }

  #gather(): Uint8Array {
    this.#collect();
    const whole = this.#whole!;
    this.#firsts = new Map();
    this.#remember();
    this.#whole = undefined;
    return whole.snapshot();
  }

  #assign(job: Job): void {
    for (const { name } of this.#plan.sources)
      for (let at = 0; at < this.#phasing.partitions; at++) job.assign(name, at);
  }

  #makeFirst(partition: number): FirstPhaseJob {
    const { parts } = phasesOf(this.#plan);
    const shares = Object.fromEntries(
      parts.flatMap(({ exchanges }) => exchanges.map(({ name }) => [name, this.#phasing.shares])),
    );
    const job = compilePhase(this.#plan, this.#phasing.options ?? {}, { kind: 'first', shares });
    for (const { name } of this.#plan.sources) job.assign(name, partition, this.#newest.get(`${name} ${partition}`));
    return job;
  }

  #makeSecond(part: string, number: number): SecondPhaseJob {
    const { shared } = phasesOf(this.#plan).parts.find(({ name }) => name === part)!;
    const share = { number, count: shared ? this.#phasing.shares : 1 };
    const phase = { kind: 'second', part, share, epoch: this.#epoch } as const;
    return compilePhase(this.#plan, this.#phasing.options ?? {}, phase);
  }

  /** Many workers instead of one, which go on from its state. */
  #spread(state: Uint8Array | undefined): void {
    this.#epoch++;
    this.#seconds = [];
    for (const { name: part, shared, exchanges } of phasesOf(this.#plan).parts) {
      for (let share = 0; share < (shared ? this.#phasing.shares : 1); share++) {
        const job = this.#makeSecond(part, share);
        if (state) job.restore(state);
        this.#assign(job);
        this.#seconds.push({ job, part, share, waiting: new Map(exchanges.map(({ name }) => [name, []])) });
      }
    }
    for (let partition = 0; partition < this.#phasing.partitions; partition++)
      this.#firsts.set(partition, this.#makeFirst(partition));
  }
}
