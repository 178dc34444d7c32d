import { assert } from '../base/assert.js';
import { StreamctlError } from '../base/errors.js';
import type { LookupNode, Table } from '../plan/plan.js';
import { flinkExpression } from './flink-expression.js';
import { carried, type Part, type StepInput, type StepView } from './flink-part.js';
import { referenceTable, rowsView } from './flink-tables.js';
import { flinkName } from './spelling.js';

/** Name under which the row and the table stand in a join. */
const ROW = 'r';
const REFERENCE = 't';

/**
 * The join of a lookup. Rows with a time attribute keep it: by a temporal join. Rows of a table that changes, or rows
 * of the plan itself, are joined as they are.
 * @throws `bad-plan` for a lookup by range, which would multiply rows.
 */
export function lookupView(node: LookupNode, part: Part, input: StepInput): StepView {
  const { plan, topics, scope } = input;
  const table = plan.tables.find(({ name }) => name === node.table);
  assert(table, `pipeline ${plan.name} has table ${node.table}`);
  if (node.range)
    throw new StreamctlError('bad-plan', 'Flink SQL has no lookup of the narrowest period; a join would multiply rows');
  const keys = node.keys.map(({ right }) => right);
  const inline = table.from.kind === 'rows';
  input.define(
    table.name,
    inline
      ? rowsView(table, (value, type) => constantText(value, type, scope))
      : referenceTable(table, keys, topics, scope.note),
  );
  const on = node.keys
    .map(({ left, right }) => `${ROW}.${flinkName(left)} = ${REFERENCE}.${flinkName(right)}`)
    .join(' AND ');
  const taken = node.columns.map(({ name, from }) => `${REFERENCE}.${flinkName(from)} AS ${flinkName(name)}`);
  if (node.version !== null) {
    scope.note(`column ${node.version} is NULL: Flink does not stamp the version of a table`);
    taken.push(`CAST(NULL AS STRING) AS ${flinkName(node.version)}`);
  }
  const columns = [...carried(part).map((name) => `${ROW}.${name}`), ...taken].map((text) => `  ${text}`).join(',\n');
  const kind = node.join === 'left' ? 'LEFT JOIN' : 'JOIN';
  const timed = part.timeColumn !== null && !part.changing && !inline;
  const asOf = timed ? ` FOR SYSTEM_TIME AS OF ${ROW}.${flinkName(part.timeColumn!)}` : '';
  const query = `SELECT\n${columns}\nFROM ${flinkName(part.name)} AS ${ROW}\n${kind} ${flinkName(table.name)}${asOf} AS ${REFERENCE}\nON ${on}`;
  return { query, timeColumn: timed || part.changing ? part.timeColumn : null };
}

function constantText(value: unknown, type: Table['columns'][number]['type'], scope: StepInput['scope']): string {
  const literal = { kind: 'literal', type, value: value as never } as const;
  return flinkExpression(literal, { ...scope, columns: [], aggregated: null });
}
