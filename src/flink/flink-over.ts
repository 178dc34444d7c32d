import { StreamctlError } from '../base/errors.js';
import type { Column, Schema, ValueType } from '../base/row-batch.js';
import type { OverColumn, OverNode } from '../plan/plan.js';
import { flinkType } from './flink-expression.js';
import {
  carriedOf,
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
import { flinkName, intervalText } from './spelling.js';

type Note = StepInput['scope']['note'];

const AGGREGATES = { avg: 'AVG', sum: 'SUM', min: 'MIN', max: 'MAX', count: 'COUNT' } as const;

/** The frame of a column: Flink takes one per query. */
function frameOf({ function: what, rows, withinMs }: OverColumn): string {
  if (what === 'lag' || what === 'lead') return '';
  const reach = rows === null ? `RANGE BETWEEN ${intervalText(withinMs!)}` : `ROWS BETWEEN ${rows - 1}`;
  return ` ${reach} PRECEDING AND CURRENT ROW`;
}

/** The call of an aggregate, without its frame. */
function callText({ function: what, column }: OverColumn): string {
  const operand = flinkName(column);
  const asDouble = what === 'avg' || what === 'sum' ? `CAST(${operand} AS DOUBLE)` : operand;
  return `${AGGREGATES[what as keyof typeof AGGREGATES]}(${asDouble})`;
}

function overNotes(node: OverNode, note: Note): void {
  note('rows of a key with the same time count in the order in which they arrive, or together; here the larger first');
  note('rows behind the watermark are dropped; here they are told as late');
  for (const { name, function: what } of node.columns) {
    if (what === 'exponential') note(`column ${name} is NULL: Flink SQL has no exponential average`);
  }
  if (node.columns.some(({ function: what }) => what === 'lead')) {
    note(
      'the last rows of each key wait for ever for those after them; here they leave with NULL when the stream ends',
    );
  }
}

/**
 * Columns over neighbouring rows: one query per frame, one inside the other. LEAD, which Flink does not have over streams, is
 * said with LAG: each row leaves when the last row that it looks at is there, with its own columns as they were before.
 * @throws `bad-plan` without a time attribute.
 */
export function overView(node: OverNode, part: Part, { scope, output }: StepInput): StepView {
  if (!part.isAttribute)
    throw new StreamctlError('bad-plan', 'Flink SQL looks at neighbouring rows by a time attribute only');
  overNotes(node, scope.note);
  const time = flinkName(part.timeColumn!);
  const by = node.keys.length === 0 ? '' : `PARTITION BY ${node.keys.map(flinkName).join(', ')} `;
  const over = (frame: string): string => `OVER (${by}ORDER BY ${time}${frame})`;
  const looking = node.columns.filter(({ function: what }) => what !== 'exponential' && what !== 'lead');
  let from = flinkName(part.name);
  const columns = [...columnsOf(part)];
  let query = '';
  for (const frame of new Set(looking.map(frameOf))) {
    const made = looking
      .filter((column) => frameOf(column) === frame)
      .map((column) => {
        const call = column.function === 'lag' ? `LAG(${flinkName(column.column)}, ${column.rows})` : callText(column);
        return [flinkName(column.name), `${call} ${over(frame)}`] as const;
      });
    query = `SELECT\n${list([...columns, ...made.map(([name, text]) => `${text} AS ${name}`)])}\nFROM ${from}`;
    columns.push(...made.map(([name]) => name));
    from = `(\n${indented(query)}\n)`;
  }
  const leads = node.columns.filter(({ function: what }) => what === 'lead');
  const ahead = Math.max(0, ...leads.map(({ rows }) => rows!));
  if (ahead > 0) return leadView({ node, part, output, ahead, over: over(''), from });
  const columnText = ({ name, type }: Column): string =>
    isExponential(node, name) ? nullText(name, type) : flinkName(name);
  const ordered = [...output.map(columnText), ...columnsOf(part).slice(part.schema.length)];
  return { query: `SELECT\n${list(ordered)}\nFROM ${from}`, ...carriedOf(part) };
}

function isExponential(node: OverNode, name: string): boolean {
  return node.columns.some((column) => column.name === name && column.function === 'exponential');
}

function nullText(name: string, type: ValueType): string {
  return `CAST(NULL AS ${flinkType(type)}) AS ${flinkName(name)}`;
}

interface LeadParts {
  readonly node: OverNode;
  readonly part: Part;
  readonly output: Schema;
  /** Rows that the farthest column looks ahead. */
  readonly ahead: number;
  readonly over: string;
  readonly from: string;
}

function leadView({ node, part, output, ahead, over, from }: LeadParts): StepView {
  const lag = (value: string, rows: number): string => (rows === 0 ? value : `LAG(${value}, ${rows}) ${over}`);
  const columns = output.map(({ name, type }) => {
    if (isExponential(node, name)) return nullText(name, type);
    const lead = node.columns.find((column) => column.name === name && column.function === 'lead');
    if (lead) return `${lag(flinkName(lead.column), ahead - lead.rows!)} AS ${flinkName(name)}`;
    // The time of a row that has left is a value like others: windows cannot follow.
    const value = name === part.timeColumn ? `CAST(${flinkName(name)} AS TIMESTAMP_LTZ(3))` : flinkName(name);
    return `${lag(value, ahead)} AS ${flinkName(name)}`;
  });
  const time = freeColumn(output, ROW_TIME);
  const before = `${lag(`CAST(${flinkName(part.timeColumn!)} AS TIMESTAMP_LTZ(3))`, ahead)} AS ${flinkName(time)}`;
  const inner = `SELECT\n${list([...columns, before])}\nFROM ${from}`;
  const names = [...output.map(({ name }) => name), time].map(flinkName);
  return {
    query: `SELECT\n${list(names)}\nFROM (\n${indented(inner)}\n)\nWHERE ${flinkName(time)} IS NOT NULL`,
    ...NOTHING_CARRIED,
    timeColumn: time,
  };
}
