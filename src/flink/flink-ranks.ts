import { StreamctlError } from '../base/errors.js';
import type { DeduplicateNode, LatestByNode, Plan, TopNode } from '../plan/plan.js';
import { carriedOf, columnsOf, indented, list, type Part, type StepInput, type StepView } from './flink-part.js';
import { freeColumn } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** A query over the rows of a part with their place by an order, as column `number`. */
function ranked(
  part: Part,
  number: string,
  { by, order }: { readonly by: readonly string[]; readonly order: readonly string[] },
): string {
  const partition = by.length === 0 ? '' : `PARTITION BY ${by.map(flinkName).join(', ')} `;
  const place = `ROW_NUMBER() OVER (${partition}ORDER BY ${order.join(', ')}) AS ${flinkName(number)}`;
  return `SELECT\n${list([...columnsOf(part), place])}\nFROM ${flinkName(part.name)}`;
}

function firstOf(part: Part, inner: string, condition: string): StepView {
  return {
    query: `SELECT\n${list(columnsOf(part))}\nFROM (\n${indented(inner)}\n)\nWHERE ${condition}`,
    ...carriedOf(part),
  };
}

/** The newest row of each key: a table that changes. @throws `bad-plan` without event time. */
export function latestByView(node: LatestByNode, part: Part, { scope }: StepInput): StepView {
  if (part.timeColumn === null)
    throw new StreamctlError('bad-plan', 'Flink SQL has no newest row without a time attribute');
  scope.note('of two rows of a key with the same time the later arrival stays; here the first');
  const number = freeColumn(part.schema, 'newest_first');
  const order = [`${flinkName(part.timeColumn)} DESC`];
  const view = firstOf(part, ranked(part, number, { by: node.keys, order }), `${flinkName(number)} = 1`);
  return { ...view, isAttribute: false };
}

/** The first row of each key. @throws `bad-plan` where keys are forgotten, or without a time attribute. */
export function deduplicateView(node: DeduplicateNode, part: Part, { scope }: StepInput): StepView {
  // Rows of one key are of one time when it is part of the key: then a time to remember changes nothing.
  if (node.withinMs !== null && !node.keys.includes(part.timeColumn ?? ''))
    throw new StreamctlError('bad-plan', 'Flink SQL has no first row of each key within a time that begins with it');
  if (!part.isAttribute)
    throw new StreamctlError('bad-plan', 'Flink SQL finds the first row of each key by a time attribute only');
  scope.note('of two rows of a key with the same time the earlier arrival stays; here the one with the larger values');
  scope.note('rows behind the watermark are dropped; here they pass when their key is new');
  const number = freeColumn(part.schema, 'oldest_first');
  const order = [`${flinkName(part.timeColumn!)} ASC`];
  return firstOf(part, ranked(part, number, { by: node.keys, order }), `${flinkName(number)} = 1`);
}

/** The first rows of each key by an order, of windows or as a table that changes. @throws `bad-plan` for sessions. */
export function topView(node: TopNode, part: Part, { output }: StepInput): StepView {
  if (node.perWindow && part.bounds === null)
    throw new StreamctlError('bad-plan', 'Flink SQL has no top rows of these windows');
  const number = node.rank ?? freeColumn(output, 'place');
  const order = node.order.map(({ column, descending }) => `${flinkName(column)} ${descending ? 'DESC' : 'ASC'}`);
  const named = new Set(node.order.map(({ column }) => column));
  if (part.timeColumn !== null && !named.has(part.timeColumn)) order.push(`${flinkName(part.timeColumn)} ASC`);
  // Ties are decided by all columns, so that the order of arrival does not matter.
  for (const { name } of part.schema) {
    if (!named.has(name) && name !== part.timeColumn) order.push(`${flinkName(name)} DESC`);
  }
  const by = node.perWindow ? [...part.bounds!, ...node.keys] : node.keys;
  const columns = columnsOf(part);
  const rank = node.rank === null ? [] : [flinkName(node.rank)];
  const inside = columns.slice(part.schema.length);
  const selected = [...columns.slice(0, part.schema.length), ...rank, ...inside];
  const inner = ranked(part, number, { by, order });
  return {
    query: `SELECT\n${list(selected)}\nFROM (\n${indented(inner)}\n)\nWHERE ${flinkName(number)} <= ${node.limit}`,
    ...carriedOf(part),
    isAttribute: node.perWindow && part.isAttribute,
  };
}

/** Whether top rows of the windows of step `name` are asked for, directly or after steps that look at one row at a time. */
export function topWindowsBefore(plan: Plan, name: string): boolean {
  return plan.nodes.some((node) => {
    if (node.input !== name) return false;
    if (node.kind === 'top') return node.perWindow;
    const passes = ['filter', 'check', 'derive', 'select', 'lookup', 'flatten', 'unpivot'].includes(node.kind);
    return passes && topWindowsBefore(plan, node.name);
  });
}
