import { assert, unreachable } from '../base/assert.js';
import { StreamctlError } from '../base/errors.js';
import { batchOf, type RowBatch, type Schema } from '../base/row-batch.js';
import { requireGoodPlan } from '../plan/check-plan.js';
import { neededColumns } from '../plan/needed-columns.js';
import { changingParts, inputsOf, type Plan, type PlanNode } from '../plan/plan.js';
import { planSchemas } from '../plan/schemas.js';
import type { CompileScope } from './compile.js';
import type { Job, JobMetrics, JobOptions, Output, ReferenceRows } from './job.js';
import type { AggregateParts } from './operators/aggregate-base.js';
import { Deduplicate } from './operators/deduplicate.js';
import { fanOut } from './operators/fan-out.js';
import { FlattenStep } from './operators/flatten-step.js';
import { IntervalJoin } from './operators/interval-join.js';
import { LatestBy } from './operators/latest-by.js';
import { LookupStep } from './operators/lookup-step.js';
import type { Operator } from './operators/operator.js';
import { OverStep } from './operators/over-step.js';
import { RowStep } from './operators/row-step.js';
import { checkWork, columnsWork, filterWork } from './operators/row-work.js';
import { SessionAggregate } from './operators/session-aggregate.js';
import { SinkOutput } from './operators/sink-output.js';
import { type Horizon, SourceInput } from './operators/source-input.js';
import { TableAggregate } from './operators/table-aggregate.js';
import { TemporalJoin } from './operators/temporal-join.js';
import { TopStep } from './operators/top-step.js';
import { UnionStep } from './operators/union-step.js';
import { WindowAggregate } from './operators/window-aggregate.js';
import { WindowJoin } from './operators/window-join.js';
import { Outputs } from './outputs.js';
import { type PlanShape, requireSameShape, shapeOf } from './plan-shape.js';
import { referenceTable } from './reference-rows.js';
import type { Receiver } from './rows.js';
import type { ReferenceTables } from './state/reference-table.js';
import { StateReader } from './state/state-reader.js';
import { StateWriter } from './state/state-writer.js';

/** Groups that one step may hold unless the options say otherwise. */
export const DEFAULT_MAX_GROUPS = 2_000_000;

/** First byte of a snapshot: its layout. */
const SNAPSHOT_VERSION = 2;

const COUNTS = ['rowsIn', 'rowsOut', 'late', 'rejected', 'dropped'] as const;

/** Everything of a job that has state: made anew when a snapshot is restored. */
interface Graph {
  readonly sources: ReadonlyMap<string, SourceInput>;
  readonly steps: ReadonlyMap<string, { readonly node: PlanNode; readonly operator: Operator }>;
}

class PlanJob implements Job {
  readonly plan: Plan;
  readonly #options: JobOptions;
  readonly #outputs = new Outputs();
  readonly #tables: ReferenceTables = new Map();
  readonly #horizon: Horizon;
  #graph: Graph;

  constructor(plan: Plan, options: JobOptions) {
    this.plan = plan;
    this.#options = options;
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
    return buildGraph(this.plan, this.#options, {
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

  assign(source: string, partition: number): void {
    this.#source(source).assign(partition);
  }

  revoke(source: string, partition: number): void {
    this.#source(source).revoke(partition);
  }

  table(name: string, edition: ReferenceRows): void {
    const table = this.plan.tables.find((candidate) => candidate.name === name);
    assert(table, `pipeline ${this.plan.name} has table ${name}`);
    this.#tables.set(name, referenceTable(table, edition));
  }

  feed(source: string, batch: RowBatch): void {
    this.#source(source).feed(batch);
  }

  idle(source: string, partition: number): void {
    this.#source(source).setIdle(partition, true);
  }

  active(source: string, partition: number): void {
    this.#source(source).setIdle(partition, false);
  }

  end(source: string, partition: number): void {
    this.#source(source).end(partition);
  }

  tick(nowMs: number): void {
    this.#horizon.nowMs = nowMs;
  }

  close(reason: 'timeout' | 'eof'): void {
    for (const source of this.#graph.sources.values()) source.close(reason);
  }

  drain(): Output[] {
    return this.#outputs.drain();
  }

  watermark(): number {
    const all = [...this.#graph.sources.values()].map((source) => source.watermark);
    return Math.min(...all);
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
    const writer = new StateWriter();
    writer.byte(SNAPSHOT_VERSION);
    const shape = shapeOf(this.plan);
    writer.count(shape.size);
    for (const [part, text] of shape) {
      writer.text(part);
      writer.text(text);
    }
    for (const source of this.#graph.sources.values()) source.save(writer);
    for (const { operator } of this.#graph.steps.values()) {
      for (const name of COUNTS) writer.count(operator.counts[name]);
      operator.save(writer);
    }
    return writer.finish();
  }

  restore(snapshot: Uint8Array): void {
    const reader = new StateReader(snapshot);
    if (reader.byte() !== SNAPSHOT_VERSION) {
      throw new StreamctlError('bad-plan', 'the saved state is of another version of streamctl', {
        hint: 'start without it: --reset-state',
      });
    }
    const saved = new Map<string, string>();
    for (let left = reader.length(); left > 0; left--) saved.set(reader.text(), reader.text());
    requireSameShape(this.plan, saved satisfies PlanShape);
    const graph = this.#build();
    for (const source of graph.sources.values()) source.load(reader);
    for (const { operator } of graph.steps.values()) {
      const { counts } = operator;
      for (const name of COUNTS) counts[name] = reader.count();
      operator.load(reader);
    }
    if (!reader.done)
      throw new StreamctlError('bad-data', 'the saved state is damaged', { hint: 'start without it: --reset-state' });
    this.#graph = graph;
  }
}

/** What a job keeps when its state is replaced. */
interface Lasting {
  readonly outputs: Outputs;
  readonly tables: ReferenceTables;
  readonly horizon: Horizon;
}

function buildGraph(plan: Plan, options: JobOptions, { outputs, tables, horizon }: Lasting): Graph {
  const schemas = planSchemas(plan);
  const receivers = new Map<string, Receiver[]>();
  const receiver = (name: string): Receiver => fanOut(receivers.get(name) ?? []);
  const attach = (input: string, next: Receiver): void => {
    // Steps are made last first, so that what comes after them exists; order among siblings is that of the plan.
    receivers.set(input, [next, ...(receivers.get(input) ?? [])]);
  };
  const common = { parameters: plan.parameters, values: options.parameters ?? {} };
  for (const sink of plan.sinks.toReversed()) attach(sink.input, new SinkOutput(sink, outputs));
  const changing = changingParts(plan);
  const maxGroups = options.maxGroups ?? DEFAULT_MAX_GROUPS;
  const steps: [string, { node: PlanNode; operator: Operator }][] = [];
  for (const node of plan.nodes.toReversed()) {
    const scope: CompileScope = { ...common, schema: schemas.get(node.input)! };
    const operator = makeOperator(node, {
      scope,
      output: schemas.get(node.name)!,
      outputs,
      next: receiver(node.name),
      maxGroups,
      tables,
      right: schemas.get(inputsOf(node)[1] ?? ''),
      changing: inputsOf(node).some((name) => changing.has(name)),
    });
    inputsOf(node).forEach((name, at) => {
      attach(name, 'port' in operator ? (operator as ManyInputs).port(at) : operator);
    });
    steps.unshift([node.name, { node, operator }]);
  }
  const sources = plan.sources.map((source): [string, SourceInput] => {
    const needed = neededColumns(plan, source.name);
    return [
      source.name,
      new SourceInput({ source, needed, scope: common, outputs, next: receiver(source.name), horizon }),
    ];
  });
  return { sources: new Map(sources), steps: new Map(steps) };
}

/** What operators are made from. */
interface OperatorParts extends Omit<AggregateParts, 'node'> {
  readonly tables: ReferenceTables;
  /** Columns of the second input. */
  readonly right: Schema | undefined;
}

/** A step with several inputs. */
type ManyInputs = Operator & { port(at: number): Receiver };

function makeOperator(node: PlanNode, parts: OperatorParts): Operator {
  const { scope, output, outputs, next, maxGroups, tables, changing, right } = parts;
  switch (node.kind) {
    case 'filter':
      return new RowStep(node.name, filterWork(node, scope), outputs, next);
    case 'check':
      return new RowStep(node.name, checkWork(node, scope), outputs, next);
    case 'derive':
    case 'select':
      return new RowStep(node.name, columnsWork(node, scope, output), outputs, next);
    case 'latest-by':
      return new LatestBy(node, scope.schema, next, maxGroups);
    case 'lookup':
      return new LookupStep({ node, input: scope.schema, output, tables, next, changing, maxRows: maxGroups });
    case 'deduplicate':
      return new Deduplicate(node, scope.schema, outputs, next, maxGroups);
    case 'over':
      return new OverStep({ node, input: scope.schema, output, outputs, next, maxRows: maxGroups });
    case 'union':
      return new UnionStep(inputsOf(node).length, output, next, changing);
    case 'flatten':
      return new FlattenStep(node, scope.schema, output, outputs, next);
    case 'join': {
      const all = { node, left: scope.schema, right: right!, output, outputs, next, maxRows: maxGroups };
      if (node.when.kind === 'interval') return new IntervalJoin(all);
      return node.when.kind === 'window' ? new WindowJoin(all) : new TemporalJoin(all);
    }
    case 'top':
      return new TopStep({ node, input: scope.schema, output, outputs, next, changing, maxRows: maxGroups });
    case 'aggregate': {
      const all = { ...parts, node };
      if (node.window?.kind === 'session') return new SessionAggregate(all);
      const table = node.window === null && (changing || node.emit.kind === 'update');
      return table ? new TableAggregate(all) : new WindowAggregate(all);
    }
    default:
      return unreachable(node);
  }
}

/**
 * Makes a plan ready to run.
 * @throws `bad-plan` when it does not check, `usage` when a parameter has no value.
 */
export function compileJob(plan: Plan, options: JobOptions = {}): Job {
  requireGoodPlan(plan);
  for (const { name } of plan.parameters) {
    if (options.parameters?.[name] === undefined) {
      throw new StreamctlError('usage', `pipeline "${plan.name}" needs parameter "${name}"`, {
        hint: `--param ${name}=...`,
      });
    }
  }
  return new PlanJob(plan, options);
}
