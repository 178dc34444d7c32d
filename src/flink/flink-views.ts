import { StreamctlError } from '../base/errors.js';
import { durationWords } from '../plan/duration-words.js';
import type { NamedExpression } from '../plan/expression.js';
import {
  type AggregateStep,
  type CheckNode,
  type DeriveNode,
  type LatestByNode,
  type PlanNode,
  type SelectNode,
  WINDOW_END,
  WINDOW_START,
} from '../plan/plan.js';
import { groupSchema } from '../plan/schemas.js';
import { type FlinkScope, flinkExpression } from './flink-expression.js';
import { lookupView } from './flink-lookup.js';
import { carried, type Part, type StepInput, type StepView } from './flink-part.js';
import { freeColumn } from './flink-tables.js';
import { flinkWindow } from './flink-window.js';
import { flinkName } from './spelling.js';

/** Name of the time column where the plan's own columns no longer have it. */
export const ROW_TIME = 'row_time';

function list(items: readonly string[]): string {
  return items.map((item) => `  ${item}`).join(',\n');
}

function filterView(condition: string, input: Part, timeColumn = input.timeColumn): StepView {
  return {
    query: `SELECT\n${list(carried(input))}\nFROM ${flinkName(input.name)}\nWHERE${condition.startsWith('\n') ? '' : ' '}${condition}`,
    timeColumn,
  };
}

function checkView(node: CheckNode, part: Part, { plan, scope }: StepInput): StepView {
  scope.note(`rows that break a rule are dropped; here they go to topic ${plan.deadLetters} with the reason`);
  const inside = { ...scope, columns: part.schema, aggregated: null };
  const rules = node.rules.map(({ reason, condition }, at) => {
    const text = flinkExpression(condition, inside);
    return `  -- rejected otherwise: ${reason.replaceAll(/\s+/g, ' ')}\n  ${at === 0 ? '' : 'AND '}(${text})`;
  });
  return filterView(`\n${rules.join('\n')}`, part);
}

function columnsView(node: DeriveNode | SelectNode, part: Part, { scope, output }: StepInput): StepView {
  const inside = { ...scope, columns: part.schema, aggregated: null };
  const made = new Map(node.columns.map(({ name, expression }: NamedExpression) => [name, expression]));
  const columns = output.map(({ name }) => {
    const expression = made.get(name);
    const text = expression ? flinkExpression(expression, inside) : flinkName(name);
    return text === flinkName(name) ? text : `${text} AS ${flinkName(name)}`;
  });
  const from = `FROM ${flinkName(part.name)}`;
  const old = part.timeColumn;
  if (old === null) return { query: `SELECT\n${list(columns)}\n${from}`, timeColumn: null };
  const kept = output.find(({ name }) => {
    const expression = made.get(name) ?? { kind: 'column', name };
    return expression.kind === 'column' && expression.name === old;
  });
  if (kept) return { query: `SELECT\n${list(columns)}\n${from}`, timeColumn: kept.name };
  const time = freeColumn(output, ROW_TIME);
  columns.push(time === old ? flinkName(time) : `${flinkName(old)} AS ${flinkName(time)}`);
  return { query: `SELECT\n${list(columns)}\n${from}`, timeColumn: time };
}

function aggregateNotes(node: AggregateStep, note: FlinkScope['note']): void {
  if (node.allowedLatenessMs > 0) {
    note(`late rows are dropped; here windows are corrected for ${durationWords(node.allowedLatenessMs)}`);
  }
  if (node.window && node.emit.kind !== 'final') {
    note('each window gives one result, when it closes; here results come before that');
  }
  if (!node.window && node.emit.kind === 'every') {
    note(
      `approximated: a result with every change; here one for each ${durationWords(node.emit.everyMs)} of event time`,
    );
  }
}

function aggregateView(node: AggregateStep, part: Part, input: StepInput): StepView {
  const { scope, output } = input;
  aggregateNotes(node, scope.note);
  const group = groupSchema(node, part.schema);
  const inside: FlinkScope = { ...scope, columns: group, aggregated: part.schema };
  const made = node.columns.map(
    ({ name, expression }) => `${flinkExpression(expression, inside)} AS ${flinkName(name)}`,
  );
  const keys = node.keys.map(flinkName);
  if (!node.window) {
    if (node.emit.kind === 'final') {
      throw new StreamctlError('bad-plan', 'Flink SQL has no result at the end of a stream without windows');
    }
    const asOf = node.asOf === null ? [] : [asOfText(node.asOf, part)];
    const by = keys.length === 0 ? '' : `\nGROUP BY ${keys.join(', ')}`;
    return {
      query: `SELECT\n${list([...keys, ...asOf, ...made])}\nFROM ${flinkName(part.name)}${by}`,
      timeColumn: null,
    };
  }
  if (part.timeColumn === null) {
    throw new StreamctlError('bad-plan', 'Flink SQL cannot cut into windows what has lost its time attribute');
  }
  const bounds = [WINDOW_START, WINDOW_END].map((name) => `CAST(${name} AS TIMESTAMP_LTZ(3)) AS ${name}`);
  const timeColumn = freeColumn(output, ROW_TIME);
  const columns = [...bounds, ...keys, ...made, `window_time AS ${flinkName(timeColumn)}`];
  const window = flinkWindow(node.window, part.name, part.timeColumn, node.keys);
  const by = [WINDOW_START, WINDOW_END, 'window_time', ...keys].join(', ');
  return { query: `SELECT\n${list(columns)}\nFROM TABLE(${window})\nGROUP BY ${by}`, timeColumn };
}

/** The newest time of the rows stands for the time up to which a result holds. */
function asOfText(name: string, part: Part): string {
  if (part.timeColumn === null) return `CAST(NULL AS TIMESTAMP_LTZ(3)) AS ${flinkName(name)}`;
  return `MAX(CAST(${flinkName(part.timeColumn)} AS TIMESTAMP_LTZ(3))) AS ${flinkName(name)}`;
}

function latestByView(node: LatestByNode, part: Part, { scope }: StepInput): StepView {
  if (part.timeColumn === null)
    throw new StreamctlError('bad-plan', 'Flink SQL has no newest row without a time attribute');
  scope.note('of two rows of a key with the same time the later arrival stays; here the first');
  const number = freeColumn(part.schema, 'newest_first');
  const columns = carried(part);
  const ranked = `ROW_NUMBER() OVER (PARTITION BY ${node.keys.map(flinkName).join(', ')} ORDER BY ${flinkName(part.timeColumn)} DESC)`;
  const inner = `  SELECT\n${list([...columns, `${ranked} AS ${number}`]).replaceAll(/^/gm, '  ')}\n  FROM ${flinkName(part.name)}`;
  return {
    query: `SELECT\n${list(columns)}\nFROM (\n${inner}\n)\nWHERE ${number} = 1`,
    timeColumn: part.timeColumn,
  };
}

/**
 * The view of a step.
 * @throws `bad-plan` for what Flink cannot express.
 */
export function viewOf(node: PlanNode, input: StepInput): StepView {
  const part = input.find(node.input);
  switch (node.kind) {
    case 'filter': {
      const inside = { ...input.scope, columns: part.schema, aggregated: null };
      return filterView(flinkExpression(node.condition, inside), part);
    }
    case 'check':
      return checkView(node, part, input);
    case 'derive':
    case 'select':
      return columnsView(node, part, input);
    case 'aggregate':
      return aggregateView(node, part, input);
    case 'latest-by':
      return latestByView(node, part, input);
    case 'lookup':
      return lookupView(node, part, input);
    default:
      throw new StreamctlError('bad-plan', `the script has no form for steps of kind ${node.kind} yet`);
  }
}
