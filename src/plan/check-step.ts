import type { Schema } from '../base/row-batch.js';
import { didYouMean } from './did-you-mean.js';
import { walkExpression } from './expression.js';
import { comparable } from './functions/function-spec.js';
import {
  type AggregateStep,
  changingParts,
  type FlattenNode,
  inputsOf,
  type JoinNode,
  type LookupNode,
  type OverNode,
  type Plan,
  type PlanNode,
  type TopNode,
  type UnionNode,
  type UnpivotNode,
  type Window,
} from './plan.js';

/** Bound of the rows that a column over neighbouring rows may reach. */
const MAX_OVER_ROWS = 10_000;
/** Bound of the rows that a top list keeps of each key. */
const MAX_TOP_ROWS = 10_000;
/** Bound of windows that one row may belong to. */
const MAX_WINDOWS_PER_ROW = 10_000;

/** Where mistakes of one step are told. */
export interface StepReport {
  /** `step "valid"`. */
  readonly place: string;
  add(message: string, hint?: string): void;
  /** Each of `names` has to be a column; `what` says as what it is wanted. */
  columns(columns: Schema, names: readonly string[], what: string): void;
  unique(what: string, names: readonly string[]): void;
}

/** Tells what is wrong with a step beside its expressions. @param inputs columns of its inputs, in their order. */
export function checkStep(node: PlanNode, inputs: readonly Schema[], plan: Plan, report: StepReport): void {
  const input = inputs[0]!;
  switch (node.kind) {
    case 'filter':
      break;
    case 'check':
      if (node.rules.length === 0) report.add('it has no rule');
      break;
    case 'derive':
    case 'select':
      if (node.columns.length === 0) report.add('it has no column');
      break;
    case 'latest-by':
      checkKeys(node.keys, input, report);
      if (node.keys.length === 0) report.add('it has no key', "write .latestBy('column')");
      needsLasting(node, plan, report);
      break;
    case 'deduplicate':
      checkKeys(node.keys, input, report);
      if (node.keys.length === 0) report.add('it has no key', "write .deduplicate('column')");
      if (node.withinMs !== null && !(node.withinMs > 0)) report.add('its time must be more than 0');
      needsLasting(node, plan, report);
      break;
    case 'over':
      checkOver(node, input, report);
      needsLasting(node, plan, report);
      break;
    case 'union':
      checkUnion(node, inputs, report);
      break;
    case 'flatten':
      checkFlatten(node, input, report);
      break;
    case 'unpivot':
      checkUnpivot(node, input, report);
      break;
    case 'join':
      checkJoin(node, inputs, report);
      needsLasting(node, plan, report);
      break;
    case 'top':
      checkTop(node, input, plan, report);
      break;
    case 'lookup':
      checkLookup(node, input, plan, report);
      break;
    case 'aggregate':
      checkAggregate(node, input, report);
      if (node.window !== null) needsLasting(node, plan, report);
      break;
  }
}

/** A step that has no way to take a row back must not be given rows that are. */
function needsLasting(node: PlanNode, plan: Plan, report: StepReport): void {
  const changing = changingParts(plan);
  for (const name of inputsOf(node)) {
    if (!changing.has(name)) continue;
    report.add(
      `the rows of "${name}" are taken back when they change, which this step cannot follow`,
      'aggregate over all time, with .emit({ every }) for a result every so often; or keep the first row: .deduplicate',
    );
  }
}

function checkKeys(keys: readonly string[], input: Schema, report: StepReport): void {
  report.columns(input, keys, 'key');
  report.unique(`key of ${report.place}`, keys);
  for (const key of keys) {
    if (input.find((column) => column.name === key)?.type === 'json')
      report.add(`key "${key}" is JSON`, 'CAST it to STRING');
  }
}

function checkOver(node: OverNode, input: Schema, report: StepReport): void {
  checkKeys(node.keys, input, report);
  report.columns(
    input,
    node.columns.map(({ column }) => column),
    'of neighbouring rows',
  );
  if (node.columns.length === 0) report.add('it has no column');
  for (const { name, function: what, column, rows, withinMs } of node.columns) {
    const type = input.find((candidate) => candidate.name === column)?.type;
    const needsNumber = what === 'avg' || what === 'sum' || what === 'exponential';
    if (type !== undefined && needsNumber && type !== 'bigint' && type !== 'double')
      report.add(`column "${name}": ${what} takes a number, "${column}" is ${type}`);
    if (type === 'json' && (what === 'min' || what === 'max')) report.add(`column "${name}": "${column}" is JSON`);
    if ((rows === null) === (withinMs === null))
      report.add(`column "${name}" reaches over rows or over time, not both`);
    if (rows !== null && !(Number.isInteger(rows) && rows >= 1 && rows <= MAX_OVER_ROWS))
      report.add(`column "${name}" must reach over 1 to ${MAX_OVER_ROWS} rows`);
    if (withinMs !== null && !(withinMs > 0)) report.add(`column "${name}" must reach over more than 0`);
    if (rows === null && (what === 'lag' || what === 'lead')) report.add(`column "${name}": ${what} goes by rows`);
  }
}

function checkUnion(node: UnionNode, [first, ...others]: readonly Schema[], report: StepReport): void {
  const text = (schema: Schema): string =>
    schema
      .map(({ name, type }) => `${name} ${type}`)
      .sort()
      .join(', ');
  if (others.length === 0) report.add('it has only one input');
  others.forEach((other, at) => {
    if (text(other) === text(first!)) return;
    report.add(
      `"${node.input}" and "${node.others[at]}" have different columns`,
      `${node.input}: ${text(first!)}; ${node.others[at]}: ${text(other)}`,
    );
  });
}

function checkFlatten(node: FlattenNode, input: Schema, report: StepReport): void {
  report.columns(input, [node.column], 'array');
  const type = input.find((column) => column.name === node.column)?.type;
  if (type !== undefined && type !== 'json') report.add(`"${node.column}" is ${type}, not JSON`, 'declare it as json');
  if (node.fields.length === 0) report.add('it takes nothing of the elements');
}

function checkUnpivot(node: UnpivotNode, input: Schema, report: StepReport): void {
  const names = node.columns.map(({ column }) => column);
  report.columns(input, names, 'that becomes rows');
  report.unique(
    `label of ${report.place}`,
    node.columns.map(({ label }) => label),
  );
  if (names.length === 0) report.add('it takes no column');
  const types = new Set(input.filter(({ name }) => names.includes(name)).map(({ type }) => type));
  if (types.size > 1) report.add(`its columns are of several types: ${[...types].join(', ')}`, 'CAST them before');
}

/** The aggregate that the rows of a part come from, through steps that look at one row at a time. */
function aggregateBefore(plan: Plan, name: string): AggregateStep | undefined {
  const node = plan.nodes.find((candidate) => candidate.name === name);
  if (node === undefined || node.kind === 'aggregate') return node;
  const passes = ['filter', 'check', 'derive', 'select', 'lookup', 'flatten', 'unpivot'].includes(node.kind);
  return passes ? aggregateBefore(plan, node.input) : undefined;
}

function checkJoin(node: JoinNode, [left, right]: readonly Schema[], report: StepReport): void {
  const { keys, columns, when } = node;
  report.columns(
    left!,
    keys.map((key) => key.left),
    'key',
  );
  report.columns(right!, [...keys.map((key) => key.right), ...columns.map(({ from }) => from)], `of ${node.right}`);
  if (keys.length === 0) report.add('it has no key', "write { on: ['column'] }");
  for (const key of keys) sameType(key.left, left!, key.right, right!, report);
  if (when.kind === 'window') checkWindow(when.window, report);
  if (when.kind === 'temporal' && node.join === 'full') report.add('a temporal join is inner or left');
  if (when.kind === 'interval' && !(when.lowerMs <= when.upperMs)) report.add('its interval ends before it begins');
}

function checkTop(node: TopNode, input: Schema, plan: Plan, report: StepReport): void {
  checkKeys(node.keys, input, report);
  const columns = node.order.map(({ column }) => column);
  report.columns(input, columns, 'order');
  if (columns.length === 0) report.add('it has no order');
  for (const name of columns) {
    if (input.find((column) => column.name === name)?.type === 'json') report.add(`"${name}" is JSON`, 'CAST it');
  }
  if (!(Number.isInteger(node.limit) && node.limit >= 1 && node.limit <= MAX_TOP_ROWS))
    report.add(`it must keep 1 to ${MAX_TOP_ROWS} rows`);
  if (node.perWindow) {
    needsLasting(node, plan, report);
    const before = aggregateBefore(plan, node.input);
    if (!before?.window) report.add('its rows have no windows', 'aggregate in windows before');
    else if (before.window.kind === 'sliding')
      report.add(`"${before.name}" has sliding windows, of which hardly two rows share one`, 'use hopping windows');
    else if (before.emit.kind !== 'final')
      report.add(`"${before.name}" gives results before its windows close`, "let it .emit('final')");
  }
}

function checkLookup(node: LookupNode, input: Schema, plan: Plan, report: StepReport): void {
  const names = plan.tables.map((table) => table.name);
  const table = plan.tables.find((candidate) => candidate.name === node.table);
  if (!table) {
    const near = didYouMean(node.table, names);
    const known = names.length > 0 ? `tables are ${names.join(', ')}` : 'the plan has no tables';
    report.add(`there is no table "${node.table}"`, near ? `did you mean ${near}?` : known);
    return;
  }
  const { keys, range } = node;
  report.columns(input, [...keys.map((key) => key.left), ...(range ? [range.value] : [])], 'looked up');
  report.columns(
    table.columns,
    [
      ...keys.map((key) => key.right),
      ...(range ? [range.from, range.to] : []),
      ...node.columns.map(({ from }) => from),
    ],
    `of table ${node.table}`,
  );
  if (keys.length === 0) report.add('it has no key', "write { on: ['column'] }");
  const pairs = [...keys, ...(range ? [range.from, range.to].map((right) => ({ left: range.value, right })) : [])];
  for (const { left, right } of pairs) sameType(left, input, right, table.columns, report);
}

/** Keys that can never be equal are a mistake. */
function sameType(left: string, columns: Schema, right: string, others: Schema, report: StepReport): void {
  const one = columns.find((column) => column.name === left)?.type;
  const other = others.find((column) => column.name === right)?.type;
  if (one === undefined || other === undefined) return;
  if (one === 'json' || other === 'json')
    report.add(`key "${one === 'json' ? left : right}" is JSON`, 'CAST it to STRING');
  else if (!comparable(one, other)) report.add(`"${left}" is ${one} and "${right}" is ${other}`, 'CAST one of them');
}

function checkAggregate(node: AggregateStep, input: Schema, report: StepReport): void {
  checkKeys(node.keys, input, report);
  for (const { name, expression } of node.columns) {
    let found = false;
    walkExpression(expression, (part) => {
      found ||= part.kind === 'aggregate';
    });
    if (!found)
      report.add(
        `column "${name}" holds no aggregate`,
        'keys are part of the result anyway; write count() or avg(price)',
      );
  }
  if (node.window) checkWindow(node.window, report);
  if (!(node.allowedLatenessMs >= 0)) report.add('the allowed lateness must be 0 or more');
  if (node.allowedLatenessMs > 0 && node.window?.kind === 'session') {
    // A late row could join two sessions whose results have left.
    report.add('a session that has given its result cannot be corrected', 'give the source more lateness instead');
  }
  if (node.window?.kind === 'sliding') {
    if (node.emit.kind !== 'final')
      report.add('sliding windows give their result when they close', "let it .emit('final')");
    if (node.allowedLatenessMs > 0)
      report.add(
        'a sliding window that has given its result cannot be corrected',
        'give the source more lateness instead',
      );
  }
  if (node.emit.kind === 'every' && !(node.emit.everyMs > 0))
    report.add('the period of its results must be more than 0');
}

function checkWindow(window: Window, report: StepReport): void {
  const lengths = Object.entries(window).filter(([name]) => name !== 'kind' && name !== 'offsetMs');
  for (const [name, value] of lengths) {
    if (!Number.isSafeInteger(value) || Number(value) <= 0) {
      report.add(`the window's ${name.replace(/Ms$/, '')} must be a whole number of milliseconds above 0`);
      return;
    }
  }
  if ('offsetMs' in window && !Number.isSafeInteger(window.offsetMs))
    report.add("the window's offset must be whole milliseconds");
  const step = window.kind === 'hop' ? window.hopMs : window.kind === 'cumulate' ? window.stepMs : undefined;
  if (step === undefined || !('sizeMs' in window)) return;
  if (window.kind === 'hop' && step > window.sizeMs)
    report.add('the hop is longer than the window, so rows would be lost', 'choose a hop up to the size');
  if (window.kind === 'cumulate' && window.sizeMs % step !== 0)
    report.add("the window's size is no multiple of its step");
  if (window.sizeMs / step > MAX_WINDOWS_PER_ROW)
    report.add(`a row would belong to more than ${MAX_WINDOWS_PER_ROW} windows`, 'choose a longer hop or step');
}
