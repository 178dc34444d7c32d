import type { Schema } from '../base/row-batch.js';
import { columnsOf, type Expression } from './expression.js';
import { inputsOf, type Plan, type PlanNode } from './plan.js';

function addAll(to: Set<string>, names: Iterable<string>): void {
  for (const name of names) to.add(name);
}

/** Adds to `input` what `node` reads of its input `from`, given that `output` is wanted of it. */
function neededBy(node: PlanNode, output: ReadonlySet<string>, input: Set<string>, from: string): void {
  const reads = (expressions: readonly Expression[]): void => {
    for (const expression of expressions) addAll(input, columnsOf(expression));
  };
  switch (node.kind) {
    case 'filter':
      addAll(input, output);
      reads([node.condition]);
      break;
    case 'check':
      addAll(input, output);
      reads(node.rules.map((rule) => rule.condition));
      break;
    case 'derive': {
      const made = new Set(node.columns.map((column) => column.name));
      for (const name of output) if (!made.has(name)) input.add(name);
      reads(node.columns.map((column) => column.expression));
      break;
    }
    case 'latest-by':
      addAll(input, output);
      addAll(input, node.keys);
      break;
    case 'deduplicate':
      addAll(input, output);
      addAll(input, node.keys);
      break;
    case 'join': {
      const taken = new Set(node.columns.map((column) => column.name));
      if (from === node.input) for (const name of output) if (!taken.has(name)) input.add(name);
      for (const { left, right } of node.keys) {
        if (from === node.input) input.add(left);
        if (from === node.right) input.add(right);
      }
      if (from === node.right)
        addAll(
          input,
          node.columns.map((column) => column.from),
        );
      break;
    }
    case 'union':
      addAll(input, output);
      break;
    case 'over': {
      const made = new Set(node.columns.map((column) => column.name));
      for (const name of output) if (!made.has(name)) input.add(name);
      addAll(
        input,
        node.columns.map((column) => column.column),
      );
      addAll(input, node.keys);
      break;
    }
    case 'flatten': {
      const made = new Set([...node.fields.map((field) => field.name), node.position]);
      for (const name of output) if (!made.has(name)) input.add(name);
      input.add(node.column);
      break;
    }
    case 'top':
      for (const name of output) if (name !== node.rank) input.add(name);
      addAll(input, node.keys);
      addAll(
        input,
        node.order.map((column) => column.column),
      );
      break;
    case 'lookup': {
      const made = new Set([...node.columns.map((column) => column.name), node.version]);
      for (const name of output) if (!made.has(name)) input.add(name);
      addAll(
        input,
        node.keys.map((key) => key.left),
      );
      if (node.range) input.add(node.range.value);
      break;
    }
    case 'select':
      reads(node.columns.map((column) => column.expression));
      break;
    case 'aggregate':
      addAll(input, node.keys);
      reads(node.columns.map((column) => column.expression));
      break;
  }
}

/**
 * The columns of `source`'s records that `plan` reads, in the source's order: what a decoder has to give.
 * Columns that only unused expressions read are among them, because those may reject rows.
 */
export function neededColumns(plan: Plan, source: string): Schema {
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
