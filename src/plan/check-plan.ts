import { StreamctlError } from '../base/errors.js';
import type { Schema } from '../base/row-batch.js';
import { checkStep } from './check-step.js';
import { didYouMean } from './did-you-mean.js';
import { type Expression, operandsOf } from './expression.js';
import type { Span } from './expression-parser.js';
import { type ExpressionProblem, inferType } from './infer-type.js';
import { markedText } from './lexer.js';
import { parseWithSpans } from './parse-expression.js';
import { inputsOf, type Plan, type PlanNode, type Source } from './plan.js';
import { printExpression } from './print-expression.js';
import { nodeSchema, type SchemaReport, sourceSchema } from './schemas.js';

/** One mistake in a plan. */
export interface PlanProblem {
  /** The part of the plan: `step "valid", condition`. */
  readonly place: string;
  readonly message: string;
  readonly hint?: string;
  /** The expression as its author wrote it (or as it is printed), and where in it the mistake is, from 0. */
  readonly text?: string;
  readonly position?: number;
  /** Where that expression was parsed from, when it came as text. */
  readonly written?: SourceText;
  /** The name in the plan that is wrong: of a column, an input, a sink. */
  readonly subject?: string;
}

/** Texts that expressions of a plan were parsed from, so that problems point into what was written. */
export interface SourceText {
  readonly text: string;
  readonly spans: ReadonlyMap<Expression, Span>;
}

/** Place of `node` in the printed form of `root`. */
function locate(root: Expression, node: Expression): { text: string; position: number } {
  const printed = parseWithSpans(printExpression(root));
  const find = (written: Expression, parsed: Expression): Expression | undefined => {
    if (written === node) return parsed;
    const inner = operandsOf(parsed);
    for (const [index, operand] of operandsOf(written).entries()) {
      const found = inner[index] && find(operand, inner[index]);
      if (found) return found;
    }
    return undefined;
  };
  const twin = find(root, printed.expression);
  return { text: printed.text, position: (twin && printed.spans.get(twin)?.start) ?? 0 };
}

class PlanCheck {
  readonly problems: PlanProblem[] = [];
  readonly #plan: Plan;
  readonly #texts: readonly SourceText[];
  readonly #schemas = new Map<string, Schema>();

  constructor(plan: Plan, texts: readonly SourceText[]) {
    this.#plan = plan;
    this.#texts = texts;
  }

  run(): void {
    const plan = this.#plan;
    if (plan.sources.length === 0) this.#add('plan', 'the pipeline reads nothing', 'begin with .from(source)');
    if (plan.sinks.length === 0) this.#add('plan', 'the pipeline writes nothing', 'end with .into(sink)');
    this.#unique(
      'source or step',
      [...plan.sources, ...plan.nodes].map((part) => part.name),
    );
    this.#unique(
      'sink',
      plan.sinks.map((sink) => sink.name),
    );
    this.#unique(
      'parameter',
      plan.parameters.map((parameter) => parameter.name),
    );
    this.#unique(
      'topic',
      plan.topics.map((topic) => topic.name),
    );
    this.#unique(
      'table',
      plan.tables.map((table) => table.name),
    );
    for (const table of plan.tables) {
      this.#unique(
        `column of table "${table.name}"`,
        table.columns.map((column) => column.name),
      );
    }
    for (const source of plan.sources) this.#source(source);
    for (const node of plan.nodes) this.#node(node);
    this.#sinks();
    this.#topics();
    this.#panels();
  }

  #add(place: string, message: string, hint?: string, subject?: string): void {
    this.problems.push({
      place,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(subject === undefined ? {} : { subject }),
    });
  }

  #reportAt(prefix: string): SchemaReport {
    return (place, { node, root, message, hint }) => {
      const where = place === '' ? prefix : `${prefix}, ${place}`;
      if (!node || !root) {
        this.#add(where, message, hint);
        return;
      }
      const written = this.#texts.find((text) => text.spans.has(node));
      const spot = written
        ? { text: written.text, position: written.spans.get(node)!.start, written }
        : locate(root, node);
      this.problems.push({ place: where, message, ...(hint === undefined ? {} : { hint }), ...spot });
    };
  }

  #unique(what: string, names: readonly string[]): void {
    const seen = new Set<string>();
    for (const name of names) {
      if (name === '') this.#add(what, `a ${what} has no name`);
      if (seen.has(name))
        this.#add(`${what} "${name}"`, `the name "${name}" is used twice`, 'give one of them another name', name);
      seen.add(name);
    }
  }

  #columns(place: string, schema: Schema, names: readonly string[], what: string): void {
    for (const name of names) {
      if (schema.some((column) => column.name === name)) continue;
      const known = schema.map((column) => column.name);
      const near = didYouMean(name, known);
      this.#add(
        place,
        `there is no column "${name}" (${what})`,
        near ? `did you mean ${near}?` : `columns are ${known.join(', ')}`,
        name,
      );
    }
  }

  #source(source: Source): void {
    const place = `source "${source.name}"`;
    const { eventTime } = source;
    this.#unique(
      `column of ${place}`,
      sourceSchema(source).map((column) => column.name),
    );
    if (source.topic === '') this.#add(place, 'it has no topic');
    for (const { name, type, header } of source.columns) {
      if (header === undefined || type === 'string') continue;
      this.#add(place, `column "${name}" is the text of a record header, not ${type}`, 'make it a string, and CAST it');
    }
    if (!(source.latenessMs >= 0)) this.#add(place, 'lateness must be 0 or more');
    if (!(source.idleTimeoutMs > 0)) this.#add(place, 'the idle timeout must be more than 0');
    if (eventTime.kind === 'column') {
      this.#columns(place, source.columns, [eventTime.name], 'event time');
      const type = source.columns.find((column) => column.name === eventTime.name)?.type;
      if (type !== undefined && type !== 'timestamp' && type !== 'bigint') {
        this.#add(
          place,
          `event time "${eventTime.name}" is ${type}`,
          'make it a timestamp, or compute one: eventTime: { name, from }',
        );
      }
    }
    if (eventTime.kind === 'computed') {
      const { expression } = eventTime;
      const report = this.#reportAt(place);
      const scope = { columns: source.columns, parameters: this.#plan.parameters, aggregated: null };
      const problems: ExpressionProblem[] = [];
      const type = inferType(expression, scope, problems);
      for (const problem of problems) report('event time', { ...problem, root: expression });
      if (type !== undefined && type !== 'timestamp') {
        report('event time', {
          node: expression,
          root: expression,
          message: 'it is no timestamp',
          hint: 'CAST(x AS TIMESTAMP_LTZ(3))',
        });
      }
    }
    this.#schemas.set(source.name, sourceSchema(source));
  }

  #node(node: PlanNode): void {
    const place = `step "${node.name}"`;
    const unknown = inputsOf(node).filter((name) => !this.#schemas.has(name));
    for (const name of unknown) this.#unknownInput(place, name);
    if (unknown.length > 0) return;
    const inputs = inputsOf(node).map((name) => this.#schemas.get(name)!);
    const schema = nodeSchema(node, inputs, this.#plan, this.#reportAt(place));
    this.#unique(
      `column of ${place}`,
      schema.map((column) => column.name),
    );
    this.#schemas.set(node.name, schema);
    checkStep(node, inputs, this.#plan, {
      place,
      add: (message, hint) => this.#add(place, message, hint),
      columns: (columns, names, what) => this.#columns(place, columns, names, what),
      unique: (what, names) => this.#unique(what, names),
    });
  }

  #unknownInput(place: string, name: string): void {
    const all = [...this.#plan.sources, ...this.#plan.nodes].map((part) => part.name);
    const later = all.includes(name);
    const near = didYouMean(name, all);
    const hint = later ? 'a step stands after its inputs' : near && `did you mean ${near}?`;
    this.#add(
      place,
      later ? `its input "${name}" comes later or does not check` : `its input "${name}" does not exist`,
      hint,
      name,
    );
  }

  #sinks(): void {
    for (const sink of this.#plan.sinks) {
      const place = `sink "${sink.name}"`;
      const input = this.#schemas.get(sink.input);
      if (sink.topic === '') this.#add(place, 'it has no topic');
      if (!input) {
        this.#unknownInput(place, sink.input);
        continue;
      }
      this.#columns(place, sink.columns, sink.keys, 'record key');
      this.#columns(
        place,
        input,
        sink.columns.map((column) => column.name),
        'column',
      );
      for (const column of sink.columns) {
        const type = input.find((candidate) => candidate.name === column.name)?.type;
        if (type !== undefined && type !== column.type)
          this.#add(place, `column "${column.name}" is ${type}, not ${column.type}`);
      }
    }
  }

  #topics(): void {
    for (const topic of this.#plan.topics) {
      const place = `topic "${topic.name}"`;
      if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic.name) || topic.name === '.' || topic.name === '..') {
        this.#add(place, 'it is no topic name', 'use letters, digits, ".", "_" and "-", at most 249');
      }
      if (!Number.isInteger(topic.partitions) || topic.partitions < 1)
        this.#add(place, 'it needs one partition or more');
      if (!Number.isInteger(topic.replicas) || topic.replicas < 1) this.#add(place, 'it needs one replica or more');
    }
  }

  #panels(): void {
    for (const panel of this.#plan.dashboard.panels) {
      if (panel.kind === 'sparkline') continue;
      const place = `panel "${panel.title}"`;
      const sink = this.#plan.sinks.find((candidate) => candidate.name === panel.sink);
      if (!sink) {
        const near = didYouMean(
          panel.sink,
          this.#plan.sinks.map((candidate) => candidate.name),
        );
        this.#add(place, `there is no sink "${panel.sink}"`, near && `did you mean ${near}?`, panel.sink);
        continue;
      }
      const sort = panel.kind === 'table' && panel.sortBy !== null ? [panel.sortBy] : [];
      const names =
        panel.kind === 'bars'
          ? [panel.label, panel.value]
          : panel.kind === 'table'
            ? [...panel.columns, ...sort]
            : [panel.series, ...panel.values];
      this.#columns(place, sink.columns, names, 'shown');
    }
  }
}

/**
 * Everything that is wrong with `plan`, at once; empty when it is good.
 * @param texts where its expressions were parsed from, when they came as text.
 */
export function checkPlan(plan: Plan, texts: readonly SourceText[] = []): readonly PlanProblem[] {
  const check = new PlanCheck(plan, texts);
  check.run();
  return check.problems;
}

/** One problem for people, over one to three lines. */
export function describeProblem(problem: PlanProblem): string {
  const marked = problem.text === undefined ? '' : `\n${markedText(problem.text, problem.position ?? 0)}`;
  return `${problem.place}: ${problem.message}${problem.hint ? ` (${problem.hint})` : ''}${marked}`;
}

/**
 * Gives `plan` back when nothing is wrong with it.
 * @throws `bad-plan` that lists every problem.
 */
export function requireGoodPlan(plan: Plan, texts: readonly SourceText[] = []): Plan {
  const problems = checkPlan(plan, texts);
  if (problems.length === 0) return plan;
  const [first] = problems;
  const single = problems.length === 1;
  const marked = single && first!.text !== undefined ? markedText(first!.text, first!.position ?? 0) : undefined;
  const detail = single ? marked : problems.map(describeProblem).join('\n');
  throw new StreamctlError(
    'bad-plan',
    single ? `${first!.place}: ${first!.message}` : `pipeline "${plan.name}" has ${problems.length} mistakes`,
    {
      ...(detail === undefined ? {} : { detail }),
      ...(single && first!.hint !== undefined ? { hint: first!.hint } : {}),
    },
  );
}
