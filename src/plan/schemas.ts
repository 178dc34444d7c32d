import type { Column, Schema, ValueType } from '../base/row-batch.js';
import type { Expression } from './expression.js';
import { type ExpressionProblem, inferType, type Scope } from './infer-type.js';
import {
  type AggregateStep,
  type FlattenNode,
  inputsOf,
  type JoinNode,
  type LookupNode,
  type OverColumn,
  type Parameter,
  type Plan,
  type PlanNode,
  type Source,
  type Table,
  type UnpivotNode,
  WINDOW_END,
  WINDOW_START,
} from './plan.js';

/** Receives what is wrong at a place such as `step "valid", condition`; `root` is the whole expression. */
export type SchemaReport = (
  place: string,
  problem: Omit<ExpressionProblem, 'node'> & { node?: Expression; root?: Expression },
) => void;

const ignore: SchemaReport = () => undefined;

/** Columns of the rows that `source` gives: those of its records and, where it has a name of its own, the event time. */
export function sourceSchema(source: Source): Schema {
  if (source.eventTime.kind === 'column') return source.columns;
  return [...source.columns, { name: source.eventTime.name, type: 'timestamp' }];
}

const BOUNDS: Schema = [
  { name: WINDOW_START, type: 'timestamp' },
  { name: WINDOW_END, type: 'timestamp' },
];

/** Columns that an aggregate's result expressions may read beside aggregates: the window, the time of the result, the keys. */
export function groupSchema(node: AggregateStep, input: Schema): Schema {
  const bounds = node.window ? BOUNDS : [];
  const keys = node.keys.flatMap((key) => input.filter((column) => column.name === key));
  const asOf: Column[] = node.asOf === null ? [] : [{ name: node.asOf, type: 'timestamp' }];
  return [...bounds, ...asOf, ...keys];
}

/** What nodes refer to beside their inputs. */
export interface SchemaContext {
  readonly parameters: readonly Pick<Parameter, 'name' | 'type'>[];
  readonly tables: readonly Table[];
}

/** Columns that a lookup adds. */
function lookedUp(node: LookupNode, tables: readonly Table[]): Schema {
  const columns = tables.find((table) => table.name === node.table)?.columns ?? [];
  const taken = node.columns.map(({ name, from }): Column => {
    return { name, type: columns.find((column) => column.name === from)?.type ?? 'string' };
  });
  return node.version === null ? taken : [...taken, { name: node.version, type: 'string' }];
}

function joinSchema({ when, columns }: JoinNode, left: Schema, right: Schema): Schema {
  const taken = columns.map(({ name, from }): Column => {
    return { name, type: right.find((column) => column.name === from)?.type ?? 'string' };
  });
  return [...(when.kind === 'window' ? BOUNDS : []), ...left, ...taken];
}

function overColumn({ name, column, function: what }: OverColumn, input: Schema): Column {
  if (what === 'count') return { name, type: 'bigint' };
  if (what === 'avg' || what === 'sum' || what === 'exponential') return { name, type: 'double' };
  return { name, type: input.find((candidate) => candidate.name === column)?.type ?? 'string' };
}

function flattenSchema({ column, position, fields }: FlattenNode, input: Schema): Schema {
  const kept = input.filter(({ name }) => name !== column);
  const place: Schema = position === null ? [] : [{ name: position, type: 'bigint' }];
  return [...kept, ...place, ...fields.map(({ name, type }) => ({ name, type }))];
}

function unpivotSchema({ columns, label, value }: UnpivotNode, input: Schema): Schema {
  const taken = new Set(columns.map(({ column }) => column));
  const type = input.find(({ name }) => taken.has(name))?.type ?? 'string';
  const kept = input.filter(({ name }) => !taken.has(name));
  return [...kept, { name: label, type: 'string' }, { name: value, type }];
}

/**
 * Columns of the rows that leave `node` when rows of `inputs` enter. Problems go to `report`; a column whose
 * expression has one gets type `string`, so that what follows can still be checked.
 */
export function nodeSchema(
  node: PlanNode,
  inputs: readonly Schema[],
  { parameters, tables }: SchemaContext,
  report: SchemaReport = ignore,
): Schema {
  const input = inputs[0]!;
  const scope: Scope = { columns: input, parameters, aggregated: null };
  const typeOf = (expression: Expression, place: string, within: Scope = scope): ValueType | undefined => {
    const problems: ExpressionProblem[] = [];
    const type = inferType(expression, within, problems);
    for (const problem of problems) report(place, { ...problem, root: expression });
    if (type !== null) return type;
    const hint = 'write CAST(NULL AS STRING)';
    report(place, { node: expression, root: expression, message: 'a bare NULL has no type', hint });
    return undefined;
  };
  const condition = (expression: Expression, place: string): void => {
    const type = typeOf(expression, place);
    if (type === undefined || type === 'boolean') return;
    report(place, {
      node: expression,
      root: expression,
      message: 'a condition must be true or false',
      hint: 'compare it with something: price > 0',
    });
  };
  switch (node.kind) {
    case 'filter':
      condition(node.condition, 'condition');
      return input;
    case 'latest-by':
    case 'deduplicate':
    case 'union':
      return input;
    case 'over':
      return [...input, ...node.columns.map((column) => overColumn(column, input))];
    case 'flatten':
      return flattenSchema(node, input);
    case 'unpivot':
      return unpivotSchema(node, input);
    case 'join':
      return joinSchema(node, input, inputs[1]!);
    case 'top':
      return node.rank === null ? input : [...input, { name: node.rank, type: 'bigint' }];
    case 'lookup':
      return [...input, ...lookedUp(node, tables)];
    case 'check':
      for (const rule of node.rules) condition(rule.condition, `rule "${rule.reason}"`);
      return input;
    case 'derive':
    case 'select': {
      const made = node.columns.map(({ name, expression }): Column => {
        return { name, type: typeOf(expression, `column "${name}"`) ?? 'string' };
      });
      if (node.kind === 'select') return made;
      const kept = input.map((column) => made.find((candidate) => candidate.name === column.name) ?? column);
      return [...kept, ...made.filter((column) => !kept.includes(column))];
    }
    case 'aggregate': {
      const group = groupSchema(node, input);
      const within: Scope = { columns: group, parameters, aggregated: input };
      const made = node.columns.map(({ name, expression }): Column => {
        return { name, type: typeOf(expression, `column "${name}"`, within) ?? 'string' };
      });
      return [...group, ...made];
    }
  }
}

/** Columns of the rows that every source and node of `plan` gives, by name. Inputs that do not exist are left out. */
export function planSchemas(
  plan: Pick<Plan, 'sources' | 'tables' | 'nodes' | 'parameters'>,
): ReadonlyMap<string, Schema> {
  const schemas = new Map<string, Schema>();
  for (const source of plan.sources) schemas.set(source.name, sourceSchema(source));
  for (const node of plan.nodes) {
    const inputs = inputsOf(node).map((name) => schemas.get(name)!);
    const known = inputsOf(node).every((name) => schemas.has(name));
    if (known) schemas.set(node.name, nodeSchema(node, inputs, plan));
  }
  return schemas;
}
