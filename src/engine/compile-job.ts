import { assert } from '../base/assert.js';
import { StreamctlError } from '../base/errors.js';
import { batchOf, type RowBatch } from '../base/row-batch.js';
import { requireGoodPlan } from '../plan/check-plan.js';
import type { Plan } from '../plan/plan.js';
import { buildGraph, type Graph, type JobPhase } from './build-graph.js';
import type { Block } from './exchange/block-writer.js';
import { WHOLE } from './exchange/share.js';
import type { FirstPhaseJob, Job, JobMetrics, JobOptions, Output, ReferenceRows, SecondPhaseJob } from './job.js';
import type { Horizon, SourceInput } from './operators/source-input.js';
import { Outputs } from './outputs.js';
import { requireSameShape, shapeOf } from './plan-shape.js';
import { referenceTable } from './reference-rows.js';
import type { ReferenceTables } from './state/reference-table.js';
import { readSections, type Sections, writeSections } from './state/sections.js';
import { StateReader } from './state/state-reader.js';
import { StateWriter } from './state/state-writer.js';

const COUNTS = ['rowsIn', 'rowsOut', 'late', 'rejected', 'dropped'] as const;
/** Rows and groups that the first phase gathers before it asks to be relieved of them. */
const MAX_GATHERED = 100_000;
/** A state that has grown by less since the last snapshot is written without being copied on the way. */
const ROOM = 1.125;

class PlanJob implements Job, FirstPhaseJob, SecondPhaseJob {
  readonly plan: Plan;
  readonly #options: JobOptions;
  readonly #phase: JobPhase;
  readonly #outputs = new Outputs();
  readonly #tables: ReferenceTables = new Map();
  readonly #horizon: Horizon;
  /** Bytes to begin with per section: what the last snapshot took, and some more. */
  readonly #sizes = new Map<string, number>();
  #graph: Graph;

  constructor(plan: Plan, options: JobOptions, phase: JobPhase) {
    this.plan = plan;
    this.#options = options;
    this.#phase = phase;
    this.#horizon = { maxAheadMs: options.maxAheadMs ?? Number.POSITIVE_INFINITY, nowMs: Number.POSITIVE_INFINITY };
    for (const table of plan.tables) {
      if (table.from.kind === 'rows')
        this.table(table.name, { rows: batchOf(table.columns, table.from.rows), version: 'plan' });
    }
    for (const [name, edition] of Object.entries(options.tables ?? {})) this.table(name, edition);
    this.#graph = this.#build();
    for (const [source, partitions] of Object.entries(options.partitions ?? {})) {
      for (const partition of partitions) this.assign(source, partition);
    }
  }

  #build(): Graph {
    return buildGraph(this.plan, this.#options, this.#phase, {
      outputs: this.#outputs,
      tables: this.#tables,
      horizon: this.#horizon,
    });
  }

  #source(name: string): SourceInput {
    const source = this.#graph.sources.get(name);
    assert(source, `pipeline ${this.plan.name} has source ${name}`);
    return source;
  }

  /** One call that lets rows go through the steps, until its results are given. */
  #turn(work: () => void): void {
    work();
    for (const sink of this.#graph.sinks) sink.settle();
  }

  assign(source: string, partition: number, newest = Number.NEGATIVE_INFINITY): void {
    if (this.#phase.kind !== 'second') {
      this.#source(source).assign(partition, newest);
      return;
    }
    for (const { exchange, input } of this.#graph.inputs.values()) {
      if (exchange.source === source) input.assign(partition);
    }
  }

  newest(source: string, partition: number): number {
    return this.#source(source).reached(partition).newest;
  }

  revoke(source: string, partition: number): void {
    this.#turn(() => this.#source(source).revoke(partition));
  }

  table(name: string, edition: ReferenceRows): void {
    const table = this.plan.tables.find((candidate) => candidate.name === name);
    assert(table, `pipeline ${this.plan.name} has table ${name}`);
    this.#tables.set(name, referenceTable(table, edition));
  }

  feed(source: string, batch: RowBatch): void {
    this.#turn(() => this.#source(source).feed(batch));
  }

  get gathered(): boolean {
    return this.#graph.senders.some(({ out, partial }) => out.rowCount + (partial?.held().groups ?? 0) >= MAX_GATHERED);
  }

  blocks(partition: number, epoch: number): readonly Block[] {
    return this.#graph.senders.flatMap(({ exchange, out, partial }) => {
      partial?.send();
      return out.take({ partition, epoch, ...this.#source(exchange.source).reached(partition) });
    });
  }

  takeBlock(exchange: string, bytes: Uint8Array): void {
    const entry = this.#graph.inputs.get(exchange);
    assert(entry, `pipeline ${this.plan.name} has exchange ${exchange}`);
    this.#turn(() => entry.input.take(bytes));
  }

  idle(source: string, partition: number): void {
    this.#turn(() => this.#source(source).setIdle(partition, true));
  }

  active(source: string, partition: number): void {
    this.#turn(() => this.#source(source).setIdle(partition, false));
  }

  end(source: string, partition: number): void {
    this.#turn(() => this.#source(source).end(partition));
  }

  tick(nowMs: number): void {
    this.#horizon.nowMs = nowMs;
  }

  close(reason: 'timeout' | 'eof'): void {
    this.#turn(() => {
      for (const source of this.#graph.sources.values()) source.close(reason);
      for (const { input } of this.#graph.inputs.values()) input.close(reason);
    });
  }

  drain(): Output[] {
    return this.#outputs.drain();
  }

  watermark(): number {
    const sources = [...this.#graph.sources.values()].map((source) => source.watermark);
    const inputs = [...this.#graph.inputs.values()].map(({ input }) => input.watermark);
    return Math.min(...sources, ...inputs);
  }

  metrics(): JobMetrics {
    return {
      sources: [...this.#graph.sources.values()].map((source) => source.metrics()),
      steps: [...this.#graph.steps.values()].map(({ node, operator }) => ({
        step: node.name,
        kind: node.kind,
        ...operator.counts,
        ...operator.held(),
      })),
    };
  }

  snapshot(): Uint8Array {
    const sections = new Map<string, Uint8Array>();
    for (const [name, source] of this.#graph.sources) sections.set(sourceSection(name), saved(source));
    for (const { exchange, input } of this.#graph.inputs.values())
      sections.set(sourceSection(exchange.source), saved(input));
    for (const [name, { operator }] of this.#graph.steps) {
      const section = stepSection(name);
      const writer = new StateWriter(this.#sizes.get(section));
      for (const count of COUNTS) writer.count(operator.counts[count]);
      operator.save(writer);
      this.#sizes.set(section, Math.ceil(writer.length * ROOM));
      sections.set(section, writer.view());
    }
    return writeSections(shapeOf(this.plan), sections);
  }

  restore(...snapshots: readonly Uint8Array[]): void {
    const graph = this.#build();
    for (const snapshot of snapshots) {
      const { shape, sections } = readSections(snapshot);
      requireSameShape(this.plan, shape);
      this.#load(graph, sections);
    }
    this.#graph = graph;
  }

  #load({ sources, inputs, steps }: Graph, sections: Sections): void {
    for (const [name, source] of sources) load(sections.get(sourceSection(name)), (reader) => source.load(reader));
    for (const { exchange, input } of inputs.values())
      load(sections.get(sourceSection(exchange.source)), (reader) => input.load(reader));
    const share = this.#phase.kind === 'second' ? this.#phase.share : WHOLE;
    for (const [name, { operator }] of steps) {
      load(sections.get(stepSection(name)), (reader) => {
        for (const count of COUNTS) {
          const before = reader.count();
          // Of a state that is shared out the counts go to one share, or they would grow with each change of workers.
          if (share.number === 0) operator.counts[count] += before;
        }
        operator.load(reader, share);
      });
    }
  }
}

function sourceSection(name: string): string {
  return `source ${name}`;
}

function stepSection(name: string): string {
  return `step ${name}`;
}

function saved(part: { save(writer: StateWriter): void }): Uint8Array {
  const writer = new StateWriter();
  part.save(writer);
  return writer.view();
}

/** Loads a section whole; one that is not there is of a part that had no state. */
function load(section: Uint8Array | undefined, read: (reader: StateReader) => void): void {
  if (section === undefined) return;
  const reader = new StateReader(section);
  read(reader);
  if (!reader.done)
    throw new StreamctlError('bad-data', 'the saved state is damaged', { hint: 'start without it: --reset-state' });
}

/**
 * Makes a plan ready to run.
 * @throws `bad-plan` when it does not check, `usage` when a parameter has no value.
 */
export function compileJob(plan: Plan, options: JobOptions = {}): Job {
  return compilePhase(plan, options, { kind: 'whole' });
}

/**
 * Makes one phase of a plan ready to run, see phasesOf of plan/phases.ts. A first phase works on one partition; its blocks go
 * to the second phases.
 * @throws as {@link compileJob}
 */
export function compilePhase(plan: Plan, options: JobOptions, phase: JobPhase): Job & FirstPhaseJob & SecondPhaseJob {
  requireGoodPlan(plan);
  for (const { name } of plan.parameters) {
    if (options.parameters?.[name] === undefined) {
      throw new StreamctlError('usage', `pipeline "${plan.name}" needs parameter "${name}"`, {
        hint: `--param ${name}=...`,
      });
    }
  }
  return new PlanJob(plan, options, phase);
}
