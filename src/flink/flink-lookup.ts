import { assert } from '../base/assert.js';
import type { Value, ValueType } from '../base/row-batch.js';
import type { LookupNode, Table } from '../plan/plan.js';
import { flinkExpression, flinkType } from './flink-expression.js';
import { columnsOf, indented, list, type Part, type StepInput, type StepView, takenAlong } from './flink-part.js';
import { freeColumn, referenceTable, rowsView } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** Name under which the row and the table stand in a join. */
const ROW = 'r';
const REFERENCE = 't';
/** Rows of a table in the plan up to which they become constants of an expression. */
const MAX_CONSTANT_ROWS = 200;

type TableRow = Readonly<Record<string, Value>>;

interface Lookup {
  readonly node: LookupNode;
  readonly part: Part;
  readonly input: StepInput;
  readonly table: Table;
}

/**
 * The columns of a reference table. A small table of the plan is a list of constants, so that rows keep their time attribute.
 * Others are joined: by a temporal join for rows with one, as they are for rows of a table that changes. Of several periods
 * that fit the first by rank is taken.
 */
export function lookupView(node: LookupNode, part: Part, input: StepInput): StepView {
  const table = input.plan.tables.find(({ name }) => name === node.table);
  assert(table, `pipeline ${input.plan.name} has table ${node.table}`);
  if (node.version !== null) {
    input.scope.note(`column ${node.version} is NULL: Flink does not stamp the version of a table`);
  }
  const lookup = { node, part, input, table };
  const { from } = table;
  if (from.kind === 'rows' && from.rows.length <= MAX_CONSTANT_ROWS) return constantsView(lookup, from.rows);
  return node.range ? rangeView(lookup) : equalView(lookup);
}

function versionText({ version }: LookupNode): readonly string[] {
  return version === null ? [] : [`CAST(NULL AS STRING) AS ${flinkName(version)}`];
}

function typeOf(table: Table, name: string): ValueType {
  return table.columns.find((column) => column.name === name)?.type ?? 'string';
}

function constantText(value: Value, type: ValueType, scope: StepInput['scope']): string {
  return flinkExpression({ kind: 'literal', type, value }, { ...scope, columns: [], aggregated: null });
}

/** Rows in the order in which they are tried: latest start, then the narrowest period, then the last of the table. */
function byPreference(rows: readonly TableRow[], range: LookupNode['range']): readonly TableRow[] {
  const order = (a: Value, b: Value): number =>
    a === b ? 0 : a === null ? -1 : b === null ? 1 : (a as number) < (b as number) ? -1 : 1;
  const last = [...rows].reverse();
  if (!range) return last;
  return last.sort((a, b) => {
    const start = order(b[range.from] ?? null, a[range.from] ?? null);
    if (start !== 0) return start;
    const [endA, endB] = [a[range.to] ?? null, b[range.to] ?? null];
    return endA === endB ? 0 : endA === null ? 1 : endB === null ? -1 : order(endA, endB);
  });
}

/** The condition under which a row of a table fits. */
function fitText({ node, table, input: { scope } }: Lookup, row: TableRow): string {
  const text = (name: string): string => constantText(row[name] ?? null, typeOf(table, name), scope);
  const equal = node.keys.map(({ left, right }) => `${flinkName(left)} = ${text(right)}`);
  if (!node.range) return equal.join(' AND ');
  const { value, from, to } = node.range;
  if ((row[from] ?? null) !== null) equal.push(`${flinkName(value)} >= ${text(from)}`);
  if ((row[to] ?? null) !== null) equal.push(`${flinkName(value)} <= ${text(to)}`);
  if ((row[from] ?? null) === null && (row[to] ?? null) === null) equal.push(`${flinkName(value)} IS NOT NULL`);
  return equal.join(' AND ');
}

function constantsView(lookup: Lookup, rows: readonly TableRow[]): StepView {
  const { node, part, input, table } = lookup;
  const usable = byPreference(
    rows.filter((row) => node.keys.every(({ right }) => (row[right] ?? null) !== null)),
    node.range,
  );
  const found = flinkName(freeColumn(input.output, 'found'));
  const cases = usable.map((row, at) => `WHEN ${fitText(lookup, row)} THEN ${at + 1}`);
  const which = cases.length === 0 ? 'CAST(NULL AS INT)' : `CASE\n${indented(cases.join('\n'))}\nEND`;
  const inner = `SELECT\n${list([...columnsOf(part), `${indented(which).trimStart()} AS ${found}`])}\nFROM ${flinkName(part.name)}`;
  const taken = node.columns.map(({ name, from }) => {
    const type = typeOf(table, from);
    const values = usable.map((row) => constantText(row[from] ?? null, type, input.scope));
    const text = values.length === 0 ? 'NULL' : `ARRAY[${values.join(', ')}][${found}]`;
    return `CAST(${text} AS ${flinkType(type)}) AS ${flinkName(name)}`;
  });
  const { selects, carried } = takenBeside(part, input);
  const columns = [...part.schema.map(({ name }) => flinkName(name)), ...taken, ...versionText(node), ...selects];
  const where = node.join === 'left' ? '' : `\nWHERE ${found} IS NOT NULL`;
  return { query: `SELECT\n${list(columns)}\nFROM (\n${indented(inner)}\n)${where}`, ...carried };
}

/** What rows have beside the columns of the plan, taken along; a time column of the plan stays where it is. */
function takenBeside(part: Part, { output }: StepInput, prefix = ''): ReturnType<typeof takenAlong> {
  const isColumn = part.schema.some(({ name }) => name === part.timeColumn);
  const { selects, carried } = takenAlong(isColumn ? { ...part, timeColumn: null } : part, output, prefix);
  return { selects, carried: isColumn ? { ...carried, timeColumn: part.timeColumn } : carried };
}

function joinParts({ node }: Lookup): { readonly on: string; readonly taken: readonly string[] } {
  const on = node.keys.map(({ left, right }) => `${ROW}.${flinkName(left)} = ${REFERENCE}.${flinkName(right)}`);
  const { range } = node;
  if (range) {
    const value = `${ROW}.${flinkName(range.value)}`;
    const [from, to] = [range.from, range.to].map((name) => `${REFERENCE}.${flinkName(name)}`);
    on.push(`(${from} IS NULL OR ${from} <= ${value})`, `(${to} IS NULL OR ${value} <= ${to})`);
    on.push(`${value} IS NOT NULL`);
  }
  const taken = node.columns.map(({ name, from }) => `${REFERENCE}.${flinkName(from)} AS ${flinkName(name)}`);
  return { on: on.join('\nAND '), taken };
}

function defineTable({ node, input, table }: Lookup): void {
  const { topics, scope } = input;
  const keys = node.keys.map(({ right }) => right);
  input.define(
    table.name,
    table.from.kind === 'rows'
      ? rowsView(table, (value, type) => constantText(value as Value, type, scope))
      : referenceTable(table, { keys, from: node.range?.from ?? null }, topics, scope.note),
  );
}

/** Rows as a join without time takes them: their time attribute is a value. */
function withoutAttribute(part: Part): string {
  if (!part.isAttribute) return flinkName(part.name);
  const time = flinkName(part.timeColumn!);
  const columns = columnsOf(part).map((name) =>
    name === time ? `CAST(${time} AS TIMESTAMP_LTZ(3)) AS ${time}` : name,
  );
  return `(\n${indented(`SELECT\n${list(columns)}\nFROM ${flinkName(part.name)}`)}\n)`;
}

function equalView(lookup: Lookup): StepView {
  const { node, part, input, table } = lookup;
  defineTable(lookup);
  const { on, taken } = joinParts(lookup);
  const { selects, carried } = takenBeside(part, input, `${ROW}.`);
  const own = part.schema.map(({ name }) => `${ROW}.${flinkName(name)}`);
  const kind = node.join === 'left' ? 'LEFT JOIN' : 'JOIN';
  const timed = part.isAttribute && !part.changing && table.from.kind !== 'rows';
  const asOf = timed ? ` FOR SYSTEM_TIME AS OF ${ROW}.${flinkName(part.timeColumn!)}` : '';
  const from = timed ? flinkName(part.name) : withoutAttribute(part);
  const columns = [...own, ...taken, ...versionText(node), ...selects];
  const query = `SELECT\n${list(columns)}\nFROM ${from} AS ${ROW}\n${kind} ${flinkName(table.name)}${asOf} AS ${REFERENCE}\nON ${on}`;
  return { query, ...carried, isAttribute: timed };
}

/** Every period that fits is joined, and the first by rank stays: rows may be replaced when the table comes late. */
function rangeView(lookup: Lookup): StepView {
  const { node, part, input, table } = lookup;
  defineTable(lookup);
  const { on, taken } = joinParts(lookup);
  const { selects, carried } = takenBeside(part, input);
  const { from, to } = node.range!;
  const end = `${REFERENCE}.${flinkName(to)}`;
  const order = [`${REFERENCE}.${flinkName(from)} DESC`, `CASE WHEN ${end} IS NULL THEN 1 ELSE 0 END`, `${end} ASC`];
  const by = part.identity.length > 0 ? part.identity.map(flinkName) : columnsOf(part);
  if (part.identity.length === 0) input.scope.note('rows with the same values count once');
  input.scope.note(`of two periods of "${table.name}" with the same bounds any is taken; here the last`);
  const place = flinkName(freeColumn([...input.output, ...part.schema], 'best_first'));
  const rank = `ROW_NUMBER() OVER (PARTITION BY ${by.map((name) => `${ROW}.${name}`).join(', ')} ORDER BY ${order.join(', ')}) AS ${place}`;
  const own = columnsOf(part).map((name) => `${ROW}.${name}`);
  const kind = node.join === 'left' ? 'LEFT JOIN' : 'JOIN';
  const inner = `SELECT\n${list([...own, ...taken, rank])}\nFROM ${withoutAttribute(part)} AS ${ROW}\n${kind} ${flinkName(table.name)} AS ${REFERENCE}\nON ${on}`;
  const names = [...part.schema, ...node.columns].map(({ name }) => flinkName(name));
  const columns = [...names, ...versionText(node), ...selects];
  const query = `SELECT\n${list(columns)}\nFROM (\n${indented(inner)}\n)\nWHERE ${place} = 1`;
  return { query, ...carried, isAttribute: false, changing: true };
}
