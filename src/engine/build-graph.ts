import type { Schema } from '../base/row-batch.js';
import { neededColumns } from '../plan/needed-columns.js';
import { type Exchange, phasesOf } from '../plan/phases.js';
import { changingParts, inputsOf, type Plan, type PlanNode } from '../plan/plan.js';
import { planSchemas } from '../plan/schemas.js';
import { BlockWriter } from './exchange/block-writer.js';
import { ExchangeInput } from './exchange/exchange-input.js';
import { PartialAggregate } from './exchange/partial-aggregate.js';
import { RowSender } from './exchange/row-sender.js';
import type { Share } from './exchange/share.js';
import type { JobOptions } from './job.js';
import { type ManyInputs, makeOperator, type OperatorParts } from './make-operator.js';
import { fanOut } from './operators/fan-out.js';
import type { Operator } from './operators/operator.js';
import { SinkOutput } from './operators/sink-output.js';
import { type Horizon, SourceInput } from './operators/source-input.js';
import type { Outputs } from './outputs.js';
import type { Receiver } from './rows.js';
import type { ReferenceTables } from './state/reference-table.js';

/** Groups that one step may hold unless the options say otherwise. */
export const DEFAULT_MAX_GROUPS = 2_000_000;

/** What of a plan a job does: all of it, row by row up to the exchanges, or one part behind them. */
export type JobPhase =
  | { readonly kind: 'whole' }
  /** With the number of shares of each exchange. */
  | { readonly kind: 'first'; readonly shares: Readonly<Record<string, number>> }
  | { readonly kind: 'second'; readonly part: string; readonly share: Share; readonly epoch: number };

/** Everything of a job that has state: made anew when a snapshot is restored. */
export interface Graph {
  readonly sources: ReadonlyMap<string, SourceInput>;
  readonly steps: ReadonlyMap<string, { readonly node: PlanNode; readonly operator: Operator }>;
  readonly sinks: readonly SinkOutput[];
  /** Where the first phase ends. */
  readonly senders: readonly {
    readonly exchange: Exchange;
    readonly out: BlockWriter;
    readonly partial: PartialAggregate | undefined;
  }[];
  /** Where the second one begins. */
  readonly inputs: ReadonlyMap<string, { readonly exchange: Exchange; readonly input: ExchangeInput }>;
}

/** What a job keeps when its state is replaced. */
export interface Lasting {
  readonly outputs: Outputs;
  readonly tables: ReferenceTables;
  readonly horizon: Horizon;
}

/** Links the steps of a phase: what comes after a step is made before it. */
export function buildGraph(plan: Plan, options: JobOptions, phase: JobPhase, lasting: Lasting): Graph {
  return new GraphBuilder(plan, options, lasting).build(phase);
}

class GraphBuilder {
  readonly #plan: Plan;
  readonly #lasting: Lasting;
  readonly #schemas: ReadonlyMap<string, Schema>;
  readonly #receivers = new Map<string, Receiver[]>();
  readonly #common: Pick<OperatorParts['scope'], 'parameters' | 'values'>;
  readonly #changing: ReadonlySet<string>;
  readonly #maxGroups: number;
  readonly #sinks: SinkOutput[] = [];

  constructor(plan: Plan, options: JobOptions, lasting: Lasting) {
    this.#plan = plan;
    this.#lasting = lasting;
    this.#schemas = planSchemas(plan);
    this.#common = { parameters: plan.parameters, values: options.parameters ?? {} };
    this.#changing = changingParts(plan);
    this.#maxGroups = options.maxGroups ?? DEFAULT_MAX_GROUPS;
  }

  build(phase: JobPhase): Graph {
    const { first, parts } = phasesOf(this.#plan);
    if (phase.kind === 'whole') {
      const steps = this.#steps(() => true, new Map());
      return { sources: this.#sources(), steps, sinks: this.#sinks, senders: [], inputs: new Map() };
    }
    if (phase.kind === 'first') {
      const senders = this.#senders(
        parts.flatMap(({ exchanges }) => exchanges),
        phase.shares,
      );
      const sourceNames = new Set(this.#plan.sources.map(({ name }) => name));
      const steps = this.#steps((name) => first.has(name) || sourceNames.has(name), new Map());
      return { sources: this.#sources(), steps, sinks: this.#sinks, senders, inputs: new Map() };
    }
    const part = parts.find(({ name }) => name === phase.part)!;
    const entries = new Map<string, Receiver>();
    const steps = this.#steps((name) => part.steps.has(name), entries);
    const inputs = part.exchanges.map((exchange): [string, { exchange: Exchange; input: ExchangeInput }] => {
      const { latenessMs } = this.#plan.sources.find(({ name }) => name === exchange.source)!;
      const schema = this.#schemas.get(exchange.input)!;
      const next = entries.get(exchange.name)!;
      return [exchange.name, { exchange, input: new ExchangeInput(schema, latenessMs, phase.epoch, next) }];
    });
    return { sources: new Map(), steps, sinks: this.#sinks, senders: [], inputs: new Map(inputs) };
  }

  #receiver(name: string): Receiver {
    return fanOut(this.#receivers.get(name) ?? []);
  }

  /** Steps are made last first, so that what comes after them exists; order among siblings is that of the plan. */
  #attach(input: string, next: Receiver): void {
    this.#receivers.set(input, [next, ...(this.#receivers.get(input) ?? [])]);
  }

  #partsOf(node: PlanNode): OperatorParts {
    return {
      scope: { ...this.#common, schema: this.#schemas.get(node.input)! },
      output: this.#schemas.get(node.name)!,
      outputs: this.#lasting.outputs,
      next: this.#receiver(node.name),
      maxGroups: this.#maxGroups,
      tables: this.#lasting.tables,
      right: this.#schemas.get(inputsOf(node)[1] ?? ''),
      changing: inputsOf(node).some((name) => this.#changing.has(name)),
    };
  }

  /** @param isHere whether a step, or what a sink takes, is of this phase. @param entries takes what exchanges lead to. */
  #steps(isHere: (name: string) => boolean, entries: Map<string, Receiver>): Graph['steps'] {
    for (const sink of this.#plan.sinks.toReversed()) {
      if (!isHere(sink.input)) continue;
      const output = new SinkOutput(sink, this.#lasting.outputs);
      this.#sinks.push(output);
      this.#attach(sink.input, output);
    }
    const steps: [string, { node: PlanNode; operator: Operator }][] = [];
    for (const node of this.#plan.nodes.toReversed()) {
      if (!isHere(node.name)) continue;
      const operator = makeOperator(node, this.#partsOf(node));
      inputsOf(node).forEach((name, at) => {
        const port = 'port' in operator ? (operator as ManyInputs).port(at) : operator;
        this.#attach(name, port);
        entries.set(at === 0 ? node.name : `${node.name}-${at + 1}`, port);
      });
      steps.unshift([node.name, { node, operator }]);
    }
    return new Map(steps);
  }

  #sources(): Graph['sources'] {
    const { outputs, horizon } = this.#lasting;
    const sources = this.#plan.sources.map((source): [string, SourceInput] => {
      const needed = neededColumns(this.#plan, source.name);
      const next = this.#receiver(source.name);
      return [source.name, new SourceInput({ source, needed, scope: this.#common, outputs, next, horizon })];
    });
    return new Map(sources);
  }

  #senders(exchanges: readonly Exchange[], shares: Readonly<Record<string, number>>): Graph['senders'] {
    return exchanges.map((exchange) => {
      const out = new BlockWriter(exchange.name, exchange.keys.length === 0 ? 1 : (shares[exchange.name] ?? 1));
      const rows = new RowSender(this.#schemas.get(exchange.input)!, exchange.keys, out);
      const node = this.#plan.nodes.find(({ name }) => name === exchange.step)!;
      const partial =
        exchange.partial && node.kind === 'aggregate'
          ? new PartialAggregate({ ...this.#partsOf(node), node }, rows, out)
          : undefined;
      this.#attach(exchange.input, partial ?? rows);
      return { exchange, out, partial };
    });
  }
}
