import { StreamctlError } from '../base/errors.js';
import { type JoinNode, type JoinWhen, WINDOW_END, WINDOW_START } from '../plan/plan.js';
import {
  columnsOf,
  indented,
  list,
  NOTHING_CARRIED,
  type Part,
  ROW_TIME,
  type StepInput,
  type StepView,
} from './flink-part.js';
import { freeColumn } from './flink-tables.js';
import { flinkWindow } from './flink-window.js';
import { flinkName, intervalText } from './spelling.js';

/** Names under which the two sides stand in a join. */
const LEFT = 'l';
const RIGHT = 'r';
const KINDS = { inner: 'JOIN', left: 'LEFT JOIN', full: 'FULL JOIN' } as const;

interface Sides {
  readonly node: JoinNode;
  readonly left: Part;
  readonly right: Part;
  readonly input: StepInput;
}

/**
 * Pairs of rows of two streams.
 * @throws `bad-plan` when one side has lost its time attribute.
 */
export function joinView(node: JoinNode, left: Part, input: StepInput): StepView {
  const right = input.find(node.right);
  for (const { name, isAttribute } of [left, right]) {
    if (isAttribute) continue;
    throw new StreamctlError('bad-plan', `Flink SQL joins streams by time attributes, and "${name}" has lost its own`);
  }
  const sides = { node, left, right, input };
  switch (node.when.kind) {
    case 'interval':
      return intervalView(sides, node.when);
    case 'window':
      return windowView(sides, node.when);
    case 'temporal':
      return temporalView(sides);
  }
}

function equalKeys({ keys }: JoinNode): string {
  return keys.map((key) => `${LEFT}.${flinkName(key.left)} = ${RIGHT}.${flinkName(key.right)}`).join(' AND ');
}

function takenColumns({ columns }: JoinNode): readonly string[] {
  return columns.map(({ name, from }) => `${RIGHT}.${flinkName(from)} AS ${flinkName(name)}`);
}

/** Columns of the left as values: a row of a stream may have one time attribute. */
function leftColumns(left: Part, keepsTime: boolean): readonly string[] {
  return left.schema.map(({ name }) => {
    const text = `${LEFT}.${flinkName(name)}`;
    return name === left.timeColumn && !keepsTime ? `CAST(${text} AS TIMESTAMP_LTZ(3)) AS ${flinkName(name)}` : text;
  });
}

function asValue(side: string, { timeColumn }: Part): string {
  return `CAST(${side}.${flinkName(timeColumn!)} AS TIMESTAMP_LTZ(3))`;
}

/**
 * The time of a result: of the later row of a pair, or of the only one. It stays a time attribute where one side is always
 * the later and always there.
 */
function intervalTime(
  { node, left, right }: Sides,
  { lowerMs, upperMs }: Extract<JoinWhen, { kind: 'interval' }>,
): {
  readonly text: string;
  readonly isAttribute: boolean;
} {
  const [leftTime, rightTime] = [left, right].map(({ timeColumn }) => flinkName(timeColumn!));
  if (node.join !== 'full' && upperMs <= 0) return { text: `${LEFT}.${leftTime}`, isAttribute: true };
  if (node.join === 'inner' && lowerMs >= 0) return { text: `${RIGHT}.${rightTime}`, isAttribute: true };
  const [ours, theirs] = [asValue(LEFT, left), asValue(RIGHT, right)];
  const later = `CASE WHEN ${ours} IS NULL OR ${theirs} > ${ours} THEN ${theirs} ELSE ${ours} END`;
  return { text: later, isAttribute: false };
}

function intervalView(sides: Sides, when: Extract<JoinWhen, { kind: 'interval' }>): StepView {
  const { node, left, right, input } = sides;
  const bound = (ms: number): string => {
    const time = `${LEFT}.${flinkName(left.timeColumn!)}`;
    return ms === 0 ? time : `${time} ${ms < 0 ? '-' : '+'} ${intervalText(Math.abs(ms))}`;
  };
  const theirs = `${RIGHT}.${flinkName(right.timeColumn!)}`;
  const on = `${equalKeys(node)} AND ${theirs} BETWEEN ${bound(when.lowerMs)} AND ${bound(when.upperMs)}`;
  const { text, isAttribute } = intervalTime(sides, when);
  const kept = isAttribute && text.startsWith(LEFT) && left.schema.some(({ name }) => name === left.timeColumn);
  const timeColumn = kept ? left.timeColumn! : freeColumn(input.output, ROW_TIME);
  const columns = [...leftColumns(left, kept), ...takenRight(sides)];
  if (!kept) columns.push(`${text} AS ${flinkName(timeColumn)}`);
  const from = `FROM ${flinkName(left.name)} AS ${LEFT}\n${KINDS[node.join]} ${flinkName(right.name)} AS ${RIGHT}\nON ${on}`;
  input.scope.note('rows behind the watermark still meet rows that are remembered; here they are told as late');
  return { query: `SELECT\n${list(columns)}\n${from}`, ...NOTHING_CARRIED, timeColumn, isAttribute };
}

/** What is taken of the right, its time as a value. */
function takenRight({ node, right }: Sides): readonly string[] {
  return node.columns.map(({ name, from }) => {
    const text = from === right.timeColumn ? asValue(RIGHT, right) : `${RIGHT}.${flinkName(from)}`;
    return `${text} AS ${flinkName(name)}`;
  });
}

function windowView(sides: Sides, { window }: Extract<JoinWhen, { kind: 'window' }>): StepView {
  const { node, left, right, input } = sides;
  for (const { name, schema } of [left, right]) {
    if (!schema.some((column) => column.name === WINDOW_START || column.name === WINDOW_END)) continue;
    throw new StreamctlError('bad-plan', `Flink SQL cannot cut "${name}" into windows: it has columns of that name`);
  }
  const side = (part: Part, letter: string): string => {
    const columns = [...new Set([...columnsOf(part), WINDOW_START, WINDOW_END, 'window_time'])];
    const windows = flinkWindow(window, part.name, part.timeColumn!, []);
    return `(\n${indented(`SELECT ${columns.join(', ')}\nFROM TABLE(${windows})`)}\n) AS ${letter}`;
  };
  const full = node.join === 'full';
  const either = (name: string): string => (full ? `COALESCE(${LEFT}.${name}, ${RIGHT}.${name})` : `${LEFT}.${name}`);
  const bounds = [WINDOW_START, WINDOW_END].map((name) => `CAST(${either(name)} AS TIMESTAMP_LTZ(3)) AS ${name}`);
  const timeColumn = freeColumn(input.output, ROW_TIME);
  const time = full
    ? `COALESCE(CAST(${LEFT}.window_time AS TIMESTAMP_LTZ(3)), CAST(${RIGHT}.window_time AS TIMESTAMP_LTZ(3)))`
    : `${LEFT}.window_time`;
  const columns = [...bounds, ...leftColumns(left, false), ...takenRight(sides), `${time} AS ${flinkName(timeColumn)}`];
  const same = [WINDOW_START, WINDOW_END].map((name) => `${LEFT}.${name} = ${RIGHT}.${name}`).join(' AND ');
  const from = `FROM ${side(left, LEFT)}\n${KINDS[node.join]} ${side(right, RIGHT)}\nON ${equalKeys(node)} AND ${same}`;
  return { query: `SELECT\n${list(columns)}\n${from}`, ...NOTHING_CARRIED, timeColumn, isAttribute: !full };
}

function temporalView({ node, left, right, input }: Sides): StepView {
  const keys = node.keys.map((key) => flinkName(key.right));
  const versions = `${node.name}-versions`;
  input.define(versions, `CREATE TEMPORARY VIEW ${flinkName(versions)} AS\n${versionsQuery(right, keys)}`);
  input.scope.note(
    `of two rows of "${right.name}" with the same key and time the later arrival is in force; here the one with the larger values`,
  );
  input.scope.note(
    'rows of the left behind the watermark are joined with what is remembered, those of the right are dropped; here those of the left are told as late, those of the right count for later rows',
  );
  const kept = left.schema.some(({ name }) => name === left.timeColumn);
  const timeColumn = kept ? left.timeColumn! : freeColumn(input.output, ROW_TIME);
  const leftTime = `${LEFT}.${flinkName(left.timeColumn!)}`;
  const columns = [...leftColumns(left, true), ...takenColumns(node)];
  if (!kept) columns.push(`${leftTime} AS ${flinkName(timeColumn)}`);
  const joined = `${KINDS[node.join]} ${flinkName(versions)} FOR SYSTEM_TIME AS OF ${leftTime} AS ${RIGHT}`;
  const from = `FROM ${flinkName(left.name)} AS ${LEFT}\n${joined}\nON ${equalKeys(node)}`;
  return { query: `SELECT\n${list(columns)}\n${from}`, ...NOTHING_CARRIED, timeColumn, isAttribute: true };
}

/**
 * The rows of a part as versions of their keys. They are put in the order of their times first, which every OVER does: of rows
 * out of order Flink would forget all but the newest.
 */
function versionsQuery(right: Part, keys: readonly string[]): string {
  const by = `PARTITION BY ${keys.join(', ')} ORDER BY ${flinkName(right.timeColumn!)}`;
  const names = columnsOf(right);
  const ordered = flinkName(freeColumn(right.schema, 'in_order'));
  const number = flinkName(freeColumn(right.schema, 'newest_first'));
  const count = `COUNT(*) OVER (${by} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS ${ordered}`;
  const sorted = `SELECT\n${list([...names, count])}\nFROM ${flinkName(right.name)}`;
  const ranked = `SELECT\n${list([...names, `ROW_NUMBER() OVER (${by} DESC) AS ${number}`])}\nFROM (\n${indented(sorted)}\n)\nWHERE ${ordered} > 0`;
  return `SELECT\n${list(names)}\nFROM (\n${indented(ranked)}\n)\nWHERE ${number} = 1`;
}
