import { StreamctlError } from '../base/errors.js';
import type { Schema, Value } from '../base/row-batch.js';
import { inputsOf, type Plan, type PlanNode, type Sink } from '../plan/plan.js';
import { planSchemas } from '../plan/schemas.js';
import { quoteText } from '../plan/spelling.js';
import { type FlinkScope, flinkType } from './flink-expression.js';
import type { Carried, Part, StepInput } from './flink-part.js';
import {
  type FlinkTopics,
  freeColumn,
  RECORD_IDENTITY,
  setting,
  sinkTable,
  sourceTable,
  sourceTimeColumn,
} from './flink-tables.js';
import { viewOf } from './flink-views.js';
import { flinkName } from './spelling.js';

/** What a script needs beside the plan. */
export interface FlinkOptions extends Partial<FlinkTopics> {
  /** Values of the plan's parameters, which become constants; see resolveParameters in plan/parameters.ts. */
  readonly parameters?: Readonly<Record<string, Value>>;
}

/** A plan as statements of Flink's SQL. */
export interface FlinkScript {
  /** Without semicolons, in order: settings, tables, views; the last one inserts. */
  readonly statements: readonly string[];
  /** Where the answers may differ from those of the local engine, a sentence each. */
  readonly notes: readonly string[];
  /** All of it, as a file for Flink's SQL client. */
  readonly text: string;
}

/** Brokers of a script unless it is told others. */
const DEFAULT_BROKERS = '127.0.0.1:9092';

class ScriptBuilder {
  readonly statements: string[] = [];
  readonly notes: string[] = [];
  readonly inserts: string[] = [];
  readonly #plan: Plan;
  readonly #topics: FlinkTopics;
  readonly #values: Readonly<Record<string, Value>>;
  readonly #schemas: ReadonlyMap<string, Schema>;
  readonly #parts = new Map<string, Part>();
  /** Sources and steps that the script cannot have, with the reason. */
  readonly #refused = new Map<string, string>();
  readonly #names = new Set<string>();
  /** Whether a sink is written by key. */
  #replaces = false;

  constructor(plan: Plan, options: FlinkOptions) {
    this.#plan = plan;
    this.#topics = { brokers: options.brokers ?? DEFAULT_BROKERS, bounded: options.bounded ?? false };
    this.#values = options.parameters ?? {};
    this.#schemas = planSchemas(plan);
  }

  build(): void {
    const plan = this.#plan;
    // Window bounds are times of the session's zone in Flink.
    this.statements.push(setting('table.local-time-zone', 'UTC'), setting('execution.checkpointing.interval', '10 s'));
    const at = this.statements.length;
    const identity = asksForIdentity(plan) ? RECORD_IDENTITY : [];
    for (const source of plan.sources) {
      const table = sourceTable(source, plan.name, this.#topics, { ...this.#scope(source.name), identity });
      const carried = { timeColumn: sourceTimeColumn(source), isAttribute: true, bounds: null, identity };
      this.#add(source.name, table, carried, false);
    }
    for (const node of plan.nodes) this.#node(node);
    for (const sink of plan.sinks) this.#sink(sink);
    // A null in a record key of replaced rows would fail the job, again and again.
    if (this.#replaces) this.statements.splice(at, 0, setting('table.exec.sink.not-null-enforcer', 'DROP'));
  }

  #add(name: string, statement: string, carried: Carried, changing: boolean): void {
    this.statements.push(statement);
    this.#names.add(name);
    this.#parts.set(name, { name, schema: this.#schemas.get(name) ?? [], ...carried, changing });
  }

  #scope(place: string): Omit<FlinkScope, 'columns' | 'aggregated'> {
    const note = (sentence: string): void => {
      const text = `${place}: ${sentence}`;
      if (!this.notes.includes(text)) this.notes.push(text);
    };
    return { parameters: this.#plan.parameters, values: this.#values, note };
  }

  #node(node: PlanNode): void {
    const scope = this.#scope(node.name);
    const find = (name: string): Part => {
      const part = this.#parts.get(name);
      if (!part) throw new StreamctlError('bad-plan', this.#refused.get(name) ?? `there is no "${name}"`);
      return part;
    };
    try {
      const input: StepInput = {
        plan: this.#plan,
        find,
        scope,
        topics: this.#topics,
        output: this.#schemas.get(node.name) ?? [],
        define: (name, statement) => {
          if (this.#names.has(name)) return;
          this.#names.add(name);
          this.statements.push(statement);
        },
      };
      const view = viewOf(node, input);
      const statement = `CREATE TEMPORARY VIEW ${flinkName(node.name)} AS\n${view.query}`;
      const { query: _, changing: replaced = false, ...carried } = view;
      this.#add(node.name, statement, carried, replaced || this.#changes(node, find));
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.code !== 'bad-plan') throw error;
      const known = this.#refused.get(node.input) === error.message;
      this.#refused.set(node.name, known ? error.message : `step "${node.name}": ${error.message}`);
    }
  }

  /** In Flink every aggregate without windows replaces its results, also one that is periodic here. */
  #changes(node: PlanNode, find: (name: string) => Part): boolean {
    if (node.kind === 'aggregate') return node.window === null;
    if (node.kind === 'latest-by' || (node.kind === 'top' && !node.perWindow)) return true;
    return inputsOf(node).some((name) => find(name).changing);
  }

  #sink(sink: Sink): void {
    const { note } = this.#scope(sink.name);
    const part = this.#parts.get(sink.input);
    if (!part) {
      note(`left out: ${this.#refused.get(sink.input) ?? 'its input is missing'}`);
      return;
    }
    const { keys, constantKey } = this.#upsertKeys(sink, part);
    if (part.changing && keys.length === 0) {
      note('left out: its rows replace each other and it has no record key');
      return;
    }
    if (part.changing && sink.keys.length === 0) {
      note(
        `its records have a key, ${constantKey ? `the text ${sink.name}` : keys.join(' and ')}; here they have none`,
      );
    }
    this.#replaces ||= part.changing;
    let tableName = sink.name;
    while (this.#names.has(tableName)) tableName = `${tableName}-topic`;
    const timed = part.timeColumn !== null && !part.changing;
    this.statements.push(sinkTable(sink, { tableName, changing: part.changing, timed, keys }, this.#topics, note));
    this.#names.add(tableName);
    const columns = sink.columns.map(({ name }) => flinkName(name));
    if (timed) columns.push(flinkName(part.timeColumn!));
    if (part.changing && sink.keys.length === 0) {
      columns.push(...(constantKey ? [quoteText(sink.name)] : keys.map(flinkName)));
    }
    this.inserts.push(
      `INSERT INTO ${flinkName(tableName)}\nSELECT ${columns.join(', ')}\nFROM ${flinkName(part.name)}`,
    );
  }

  /** What tells the rows of a sink apart where they replace each other: its record key, the record they came of, or nothing. */
  #upsertKeys(sink: Sink, part: Part): { readonly keys: readonly string[]; readonly constantKey: boolean } {
    if (!part.changing || sink.keys.length > 0) return { keys: sink.keys, constantKey: false };
    if (part.identity.length > 0) return { keys: part.identity, constantKey: false };
    const single = hasOneRow(this.#plan, sink.input);
    return { keys: single ? [freeColumn(sink.columns, 'record_key')] : [], constantKey: single };
  }
}

/** Whether the part called `name` is one row: an aggregate without keys, and steps that look at one row at a time. */
function hasOneRow(plan: Plan, name: string): boolean {
  const node = plan.nodes.find((candidate) => candidate.name === name);
  if (node?.kind === 'aggregate') return node.keys.length === 0 && node.window === null;
  return node !== undefined && ['filter', 'check', 'derive', 'select', 'lookup'].includes(node.kind)
    ? hasOneRow(plan, node.input)
    : false;
}

/** Whether a step needs to tell equal rows apart: a lookup by periods in a table that is not part of the plan. */
function asksForIdentity({ nodes, tables }: Plan): boolean {
  return nodes.some(
    (node) =>
      node.kind === 'lookup' &&
      node.range !== null &&
      tables.some(({ name, from }) => name === node.table && from.kind !== 'rows'),
  );
}

function scriptText(plan: Plan, statements: readonly string[], builder: ScriptBuilder, options: FlinkOptions): string {
  const head = [
    `-- Pipeline ${plan.name}${plan.description === '' ? '' : `: ${plan.description}`}.`,
    `-- Apache Flink SQL (2.2 or newer), made by: streamctl pipelines explain ${plan.name} --sql`,
  ];
  for (const { name, type } of plan.parameters) {
    head.push(
      `-- Parameter ${name} ${flinkType(type)}: ${String(options.parameters?.[name] ?? null)}, a constant below.`,
    );
  }
  head.push('--', '-- Where Flink goes its own way:');
  for (const note of builder.notes) head.push(`-- * ${note.replaceAll('\n', ' ')}.`);
  return `${head.join('\n')}\n\n${statements.map((statement) => `${statement};`).join('\n\n')}\n`;
}

/**
 * The Flink SQL script of `plan`: tables over its topics, a view per step, one statement set that writes its sinks.
 * What Flink cannot express is left out or approximated, and said by name in the notes and in the script's head.
 * @throws `bad-plan` when no sink is left.
 * @see https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/table/sql/queries/window-tvf/
 */
export function flinkScript(plan: Plan, options: FlinkOptions = {}): FlinkScript {
  const builder = new ScriptBuilder(plan, options);
  builder.build();
  if (builder.inserts.length === 0) {
    throw new StreamctlError('bad-plan', `pipeline "${plan.name}" cannot be said in Flink SQL`, {
      detail: builder.notes.join('; '),
      hint: `streamctl pipelines explain ${plan.name}`,
    });
  }
  const inserts = `EXECUTE STATEMENT SET\nBEGIN\n${builder.inserts.map((insert) => `${insert};`).join('\n\n')}\nEND`;
  const statements = [...builder.statements, inserts];
  return { statements, notes: builder.notes, text: scriptText(plan, statements, builder, options) };
}
