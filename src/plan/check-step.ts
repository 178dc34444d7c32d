import type { Schema } from '../base/row-batch.js';
import { didYouMean } from './did-you-mean.js';
import { walkExpression } from './expression.js';
import { comparable } from './functions/function-spec.js';
import {
  type AggregateStep,
  changingParts,
  inputsOf,
  type LookupNode,
  type Plan,
  type PlanNode,
  type Window,
} from './plan.js';

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
  if (window.kind !== 'session' && !Number.isSafeInteger(window.offsetMs))
    report.add("the window's offset must be whole milliseconds");
  const step = window.kind === 'hop' ? window.hopMs : window.kind === 'cumulate' ? window.stepMs : undefined;
  if (step === undefined || window.kind === 'session' || window.kind === 'tumble') return;
  if (window.kind === 'hop' && step > window.sizeMs)
    report.add('the hop is longer than the window, so rows would be lost', 'choose a hop up to the size');
  if (window.kind === 'cumulate' && window.sizeMs % step !== 0)
    report.add("the window's size is no multiple of its step");
  if (window.sizeMs / step > MAX_WINDOWS_PER_ROW)
    report.add(`a row would belong to more than ${MAX_WINDOWS_PER_ROW} windows`, 'choose a longer hop or step');
}
