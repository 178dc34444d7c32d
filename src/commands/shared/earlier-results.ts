import type { DashboardSnapshot, ResultRow, ResultTable } from '../../plan/snapshot.js';

/**
 * A look at a run that begins where an earlier one ended: keys of which the new run has no result yet are shown as the
 * earlier one left them.
 * @param earlier last look at the earlier run; ignored when its results have other columns.
 */
export function withEarlierResults(
  snapshot: DashboardSnapshot,
  earlier: DashboardSnapshot | undefined,
): DashboardSnapshot {
  if (!earlier || !sameColumns(snapshot.results, earlier.results)) return snapshot;
  const { results } = snapshot;
  const fresh = new Map(results.rows.map((row) => [keyOf(row, results), row]));
  const rows: ResultRow[] = [];
  for (const row of earlier.results.rows) {
    const key = keyOf(row, earlier.results);
    rows.push(fresh.get(key) ?? row);
    fresh.delete(key);
  }
  rows.push(...fresh.values());
  const watermarkMs = snapshot.watermarkMs ?? earlier.watermarkMs;
  return { ...snapshot, watermarkMs, results: { ...results, rows } };
}

function sameColumns(one: ResultTable, other: ResultTable): boolean {
  const names = (table: ResultTable): string =>
    JSON.stringify([table.columns.map(({ name, type }) => [name, type]), table.keys]);
  return names(one) === names(other);
}

function keyOf(row: ResultRow, { columns, keys }: ResultTable): string {
  const values = keys.map((key) => row.values[columns.findIndex(({ name }) => name === key)]);
  return JSON.stringify(values.map((value) => (typeof value === 'bigint' ? `${value}n` : (value ?? null))));
}
