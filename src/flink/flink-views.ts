import { StreamctlError } from '../base/errors.js';
import { durationWords } from '../plan/duration-words.js';
import type { NamedExpression } from '../plan/expression.js';
import {
  type AggregateStep,
  type CheckNode,
  type DeriveNode,
  type PlanNode,
  type SelectNode,
  WINDOW_END,
  WINDOW_START,
} from '../plan/plan.js';
import { groupSchema } from '../plan/schemas.js';
import { type FlinkScope, flinkExpression } from './flink-expression.js';
import { joinView } from './flink-joins.js';
import { lookupView } from './flink-lookup.js';
import { overView } from './flink-over.js';
import {
  carriedOf,
  columnsOf,
  list,
  NOTHING_CARRIED,
  type Part,
  ROW_TIME,
  type StepInput,
  type StepView,
  takenAlong,
} from './flink-part.js';
import { deduplicateView, latestByView, topView, topWindowsBefore } from './flink-ranks.js';
import { freeColumn } from './flink-tables.js';
import { flattenView, unionView, unpivotView } from './flink-unnest.js';
import { flinkWindow } from './flink-window.js';
import { flinkName } from './spelling.js';

/** Names of the columns with a window as Flink knows it. */
const BOUNDS = ['window_from', 'window_to'] as const;

function filterView(condition: string, input: Part): StepView {
  const where = `WHERE${condition.startsWith('\n') ? '' : ' '}${condition}`;
  return {
    query: `SELECT\n${list(columnsOf(input))}\nFROM ${flinkName(input.name)}\n${where}`,
    ...carriedOf(input),
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
  const old = part.timeColumn;
  const kept = output.find(({ name }) => {
    const expression = made.get(name) ?? { kind: 'column', name };
    return old !== null && expression.kind === 'column' && expression.name === old;
  });
  const { selects, carried } = takenAlong(kept ? { ...part, timeColumn: null } : part, output);
  return {
    query: `SELECT\n${list([...columns, ...selects])}\nFROM ${flinkName(part.name)}`,
    ...carried,
    timeColumn: kept?.name ?? carried.timeColumn,
  };
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
    const query = `SELECT\n${list([...keys, ...asOf, ...made])}\nFROM ${flinkName(part.name)}${by}`;
    return { query, ...NOTHING_CARRIED };
  }
  if (!part.isAttribute) {
    throw new StreamctlError('bad-plan', 'Flink SQL cannot cut into windows what has lost its time attribute');
  }
  const casts = [WINDOW_START, WINDOW_END].map((name) => `CAST(${name} AS TIMESTAMP_LTZ(3)) AS ${name}`);
  const timeColumn = freeColumn(output, ROW_TIME);
  const columns = [...casts, ...keys, ...made, `window_time AS ${flinkName(timeColumn)}`];
  const bounds = topWindowsBefore(input.plan, node.name)
    ? ([freeColumn(output, BOUNDS[0]), freeColumn(output, BOUNDS[1])] as const)
    : null;
  if (bounds) columns.push(`${WINDOW_START} AS ${flinkName(bounds[0])}`, `${WINDOW_END} AS ${flinkName(bounds[1])}`);
  const window = flinkWindow(node.window, part.name, part.timeColumn!, node.keys);
  const by = [WINDOW_START, WINDOW_END, 'window_time', ...keys].join(', ');
  const query = `SELECT\n${list(columns)}\nFROM TABLE(${window})\nGROUP BY ${by}`;
  return { query, timeColumn, isAttribute: true, bounds, identity: [] };
}

/** The newest time of the rows stands for the time up to which a result holds. */
function asOfText(name: string, part: Part): string {
  if (part.timeColumn === null) return `CAST(NULL AS TIMESTAMP_LTZ(3)) AS ${flinkName(name)}`;
  return `MAX(CAST(${flinkName(part.timeColumn)} AS TIMESTAMP_LTZ(3))) AS ${flinkName(name)}`;
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
    case 'deduplicate':
      return deduplicateView(node, part, input);
    case 'top':
      return topView(node, part, input);
    case 'over':
      return overView(node, part, input);
    case 'union':
      return unionView(node, part, input);
    case 'flatten':
      return flattenView(node, part, input);
    case 'unpivot':
      return unpivotView(node, part, input);
    case 'join':
      return joinView(node, part, input);
    case 'lookup':
      return lookupView(node, part, input);
  }
}
