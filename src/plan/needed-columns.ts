import { columnsOf, type Expression } from './expression.js';
import { inputsOf, type Plan, type PlanNode, type SourceColumn } from './plan.js';

function addAll(to: Set<string>, names: Iterable<string>): void {
  for (const name of names) to.add(name);
}

/** Names of the columns that `node` makes, so that they are not wanted of its inputs; null: it passes nothing on. */
function madeBy(node: PlanNode): readonly (string | null)[] | null {
  switch (node.kind) {
    case 'select':
    case 'aggregate':
      return null;
    case 'derive':
    case 'over':
    case 'join':
      return node.columns.map((column) => column.name);
    case 'lookup':
      return [...node.columns.map((column) => column.name), node.version];
    case 'flatten':
      return [...node.fields.map((field) => field.name), node.position];
    case 'unpivot':
      return [node.label, node.value];
    case 'top':
      return [node.rank];
    default:
      return [];
  }
}

function columnsRead(expressions: readonly Expression[]): string[] {
  return expressions.flatMap((expression) => [...columnsOf(expression)]);
}

/** Columns of its input `from` that `node` itself looks at. */
function readBy(node: PlanNode, from: string): readonly string[] {
  switch (node.kind) {
    case 'filter':
      return columnsRead([node.condition]);
    case 'check':
      return columnsRead(node.rules.map((rule) => rule.condition));
    case 'derive':
    case 'select':
      return columnsRead(node.columns.map((column) => column.expression));
    case 'aggregate':
      return [...node.keys, ...columnsRead(node.columns.map((column) => column.expression))];
    case 'latest-by':
    case 'deduplicate':
      return node.keys;
    case 'over':
      return [...node.keys, ...node.columns.map((column) => column.column)];
    case 'lookup':
      return [...node.keys.map((key) => key.left), ...(node.range ? [node.range.value] : [])];
    case 'union':
      return [];
    case 'flatten':
      return [node.column];
    case 'unpivot':
      return node.columns.map(({ column }) => column);
    case 'top':
      return [...node.keys, ...node.order.map((column) => column.column)];
    case 'join': {
      const left = from === node.input ? node.keys.map((key) => key.left) : [];
      const right = [...node.keys.map((key) => key.right), ...node.columns.map((column) => column.from)];
      return from === node.right ? [...left, ...right] : left;
    }
  }
}

/** Adds to `input` what `node` needs of its input `from`, given that `output` is wanted of it. */
function neededBy(node: PlanNode, output: ReadonlySet<string>, input: Set<string>, from: string): void {
  const made = madeBy(node);
  const passes = made !== null && (node.kind !== 'join' || from === node.input);
  if (passes) for (const name of output) if (!made.includes(name)) input.add(name);
  addAll(input, readBy(node, from));
}

/**
 * The columns of `source`'s records that `plan` reads, in the source's order: what a decoder has to give.
 * Columns that only unused expressions read are among them, because those may reject rows.
 */
export function neededColumns(plan: Plan, source: string): readonly SourceColumn[] {
  const wanted = new Map<string, Set<string>>();
  for (const part of [...plan.sources, ...plan.nodes]) wanted.set(part.name, new Set());
  for (const sink of plan.sinks)
    addAll(
      wanted.get(sink.input) ?? new Set(),
      sink.columns.map((column) => column.name),
    );
  for (const node of plan.nodes.toReversed())
    for (const input of inputsOf(node)) neededBy(node, wanted.get(node.name)!, wanted.get(input) ?? new Set(), input);
  const spec = plan.sources.find((candidate) => candidate.name === source);
  if (!spec) return [];
  const names = wanted.get(source)!;
  if (spec.eventTime.kind === 'column') names.add(spec.eventTime.name);
  if (spec.eventTime.kind === 'computed') addAll(names, columnsOf(spec.eventTime.expression));
  return spec.columns.filter((column) => names.has(column.name));
}
