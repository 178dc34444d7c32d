import { StreamctlError } from '../base/errors.js';
import type { ValueType } from '../base/row-batch.js';
import type { ElementField, FlattenNode, UnionNode, UnpivotNode } from '../plan/plan.js';
import { quoteText } from '../plan/spelling.js';
import { flinkType } from './flink-expression.js';
import { list, NOTHING_CARRIED, type Part, ROW_TIME, type StepInput, type StepView, takenAlong } from './flink-part.js';
import { freeColumn } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** All rows of several parts. */
export function unionView(node: UnionNode, part: Part, { find, output }: StepInput): StepView {
  const parts = [part, ...node.others.map(find)];
  const timed = parts.every(({ timeColumn }) => timeColumn !== null);
  const shared = output.find(({ name }) => parts.every(({ timeColumn }) => timeColumn === name));
  const time = timed ? (shared?.name ?? freeColumn(output, ROW_TIME)) : null;
  const known = part.identity.join();
  const identified = known !== '' && parts.every(({ identity }) => identity.join() === known);
  const branch = freeColumn([...output, ...part.identity.map((name) => ({ name, type: 'string' as const }))], 'branch');
  const queries = parts.map(({ name, timeColumn }, at) => {
    const columns = output.map((column) => flinkName(column.name));
    if (time !== null && !shared) {
      columns.push(timeColumn === time ? flinkName(time) : `${flinkName(timeColumn!)} AS ${flinkName(time)}`);
    }
    if (identified) columns.push(...part.identity.map(flinkName), `${at} AS ${flinkName(branch)}`);
    return `SELECT\n${list(columns)}\nFROM ${flinkName(name)}`;
  });
  const identity = identified ? [...part.identity, branch] : [];
  const isAttribute = timed && parts.every((one) => one.isAttribute);
  return { query: queries.join('\nUNION ALL\n'), ...NOTHING_CARRIED, timeColumn: time, isAttribute, identity };
}

/** An element of an array, as text, in the type of its column. */
function elementText(type: ValueType, from: string | null, element: string): string {
  const path = quoteText(`$['${(from ?? '').replaceAll(/['\\\\]/g, '\\\\$&')}']`);
  if (type === 'json')
    return from === null ? element : `COALESCE(JSON_QUERY(${element}, ${path}), JSON_VALUE(${element}, ${path}))`;
  const text = from === null ? element : `JSON_VALUE(${element}, ${path})`;
  return type === 'string' ? text : `TRY_CAST(${text} AS ${flinkType(type)})`;
}

/**
 * One row per element of an array in a JSON text.
 * @throws `bad-plan` for times, which a text of Flink's spells in another way.
 */
export function flattenView(node: FlattenNode, part: Part, { scope, output }: StepInput): StepView {
  if (node.fields.some(({ type }) => type === 'timestamp')) {
    throw new StreamctlError('bad-plan', 'Flink SQL does not read times in JSON: take them as text or as number');
  }
  scope.note(`a value that does not fit its column is NULL; here the row with it is rejected`);
  const element = freeColumn(output, 'element');
  const place = freeColumn(output, 'place');
  const rows = new Set(part.schema.map(({ name }) => name));
  rows.delete(node.column);
  const fields = new Map(node.fields.map((field: ElementField) => [field.name, field]));
  const columns = output.map(({ name }) => {
    const field = fields.get(name);
    if (field) return `${elementText(field.type, field.from, `e.${flinkName(element)}`)} AS ${flinkName(name)}`;
    if (name === node.position) return `CAST(e.${flinkName(place)} - 1 AS BIGINT) AS ${flinkName(name)}`;
    return `r.${flinkName(name)}`;
  });
  const timeIsColumn = part.timeColumn !== null && rows.has(part.timeColumn);
  const { selects, carried } = takenAlong(timeIsColumn ? { ...part, timeColumn: null } : part, output, 'r.');
  const array = `UNNEST(JSON_QUERY(r.${flinkName(node.column)}, '$' RETURNING ARRAY<STRING>)) WITH ORDINALITY`;
  const names = `e(${flinkName(element)}, ${flinkName(place)})`;
  const joined = node.outer ? `LEFT JOIN ${array} AS ${names} ON TRUE` : `CROSS JOIN ${array} AS ${names}`;
  return {
    query: `SELECT\n${list([...columns, ...selects])}\nFROM ${flinkName(part.name)} AS r\n${joined}`,
    ...carried,
    // A record has several rows now.
    identity: [],
    timeColumn: timeIsColumn ? part.timeColumn : carried.timeColumn,
  };
}

/** One row per column that is not null. */
export function unpivotView(node: UnpivotNode, part: Part, { output }: StepInput): StepView {
  const type = output.find(({ name }) => name === node.value)!.type;
  const taken = new Set(node.columns.map(({ column }) => column));
  const columns = output.map(({ name }) => {
    if (name === node.label || name === node.value) return `u.${flinkName(name)}`;
    return `r.${flinkName(name)}`;
  });
  const timeIsColumn = part.timeColumn !== null && !taken.has(part.timeColumn);
  const inSchema = timeIsColumn && part.schema.some(({ name }) => name === part.timeColumn);
  const { selects: along, carried } = takenAlong(inSchema ? { ...part, timeColumn: null } : part, output, 'r.');
  const selects = [...along];
  const rows = node.columns.map(
    ({ label, column }) =>
      `  ROW(CAST(${quoteText(label)} AS STRING), CAST(r.${flinkName(column)} AS ${flinkType(type)}))`,
  );
  const names = `u(${flinkName(node.label)}, ${flinkName(node.value)})`;
  // A record has several rows now, which their labels tell apart.
  const branch = freeColumn(
    [...output, ...carried.identity.map((name) => ({ name, type: 'string' as const }))],
    'branch',
  );
  const identity = carried.identity.length === 0 ? [] : [...carried.identity, branch];
  if (identity.length > 0) selects.push(`u.${flinkName(node.label)} AS ${flinkName(branch)}`);
  const array = `UNNEST(ARRAY[\n${rows.join(',\n')}\n])`;
  return {
    query: `SELECT\n${list([...columns, ...selects])}\nFROM ${flinkName(part.name)} AS r\nCROSS JOIN ${array} AS ${names}\nWHERE u.${flinkName(node.value)} IS NOT NULL`,
    ...carried,
    identity,
    timeColumn: inSchema ? part.timeColumn : carried.timeColumn,
  };
}
