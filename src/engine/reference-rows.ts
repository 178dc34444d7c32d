import { assert } from '../base/assert.js';
import { columnIndex } from '../base/row-batch.js';
import type { Table } from '../plan/plan.js';
import type { ReferenceRows } from './job.js';
import type { ReferenceTable } from './state/reference-table.js';

/** An edition of a table with its columns in the order of the plan. */
export function referenceTable(table: Table, { rows, version }: ReferenceRows): ReferenceTable {
  const vectors = table.columns.map(({ name, type }) => {
    const at = columnIndex(rows.schema, name);
    assert(rows.schema[at]?.type === type, `the rows of table ${table.name} have column ${name} as ${type}`);
    return rows.vectors[at]!;
  });
  return { rows: { ...rows, schema: table.columns, vectors }, version };
}
