import { StreamctlError } from '../base/errors.js';
import type { Schema, Value } from '../base/row-batch.js';
import type { Plan, PlanNode, Sink } from '../plan/plan.js';
import { planSchemas } from '../plan/schemas.js';
import { type FlinkScope, flinkType } from './flink-expression.js';
import type { Part, StepInput } from './flink-part.js';
import { type FlinkTopics, setting, sinkTable, sourceTable, sourceTimeColumn } from './flink-tables.js';
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
    for (const source of plan.sources) {
      const table = sourceTable(source, plan.name, this.#topics, this.#scope(source.name));
      this.#add(source.name, table, sourceTimeColumn(source), false);
    }
    for (const node of plan.nodes) this.#node(node);
    for (const sink of plan.sinks) this.#sink(sink);
  }

  #add(name: string, statement: string, timeColumn: string | null, changing: boolean): void {
    this.statements.push(statement);
    this.#names.add(name);
    this.#parts.set(name, { name, schema: this.#schemas.get(name) ?? [], timeColumn, changing });
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
      const { query, timeColumn } = viewOf(node, input);
      // In Flink every aggregate without windows replaces its results, also one that is periodic here.
      const passes = node.kind !== 'aggregate' && find(node.input).changing;
      const changing = passes || node.kind === 'latest-by' || (node.kind === 'aggregate' && node.window === null);
      this.#add(node.name, `CREATE TEMPORARY VIEW ${flinkName(node.name)} AS\n${query}`, timeColumn, changing);
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.code !== 'bad-plan') throw error;
      const known = this.#refused.get(node.input) === error.message;
      this.#refused.set(node.name, known ? error.message : `step "${node.name}": ${error.message}`);
    }
  }

  #sink(sink: Sink): void {
    const { note } = this.#scope(sink.name);
    const part = this.#parts.get(sink.input);
    if (!part) {
      note(`left out: ${this.#refused.get(sink.input) ?? 'its input is missing'}`);
      return;
    }
    if (part.changing && sink.keys.length === 0) {
      note('left out: its rows replace each other and it has no record key');
      return;
    }
    let tableName = sink.name;
    while (this.#names.has(tableName)) tableName = `${tableName}-topic`;
    const timed = part.timeColumn !== null && !part.changing;
    this.statements.push(sinkTable(sink, { tableName, changing: part.changing, timed }, this.#topics, note));
    this.#names.add(tableName);
    const columns = sink.columns.map(({ name }) => flinkName(name));
    if (timed) columns.push(flinkName(part.timeColumn!));
    this.inserts.push(
      `INSERT INTO ${flinkName(tableName)}\nSELECT ${columns.join(', ')}\nFROM ${flinkName(part.name)}`,
    );
  }
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
