import {
  type DashboardSnapshot,
  MAX_RESULT_ROWS,
  MAX_TREND,
  type ResultRow,
  type ResultTable,
} from '../../../plan/snapshot.js';

/**
 * A look at a run that began where an earlier one had ended: keys of which it has no result yet are shown as the
 * earlier one left them, and histories go on.
 * @param earlier results from before, by sink; those that have other columns are ignored.
 */
export function withEarlierResults(
  snapshot: DashboardSnapshot,
  earlier: ReadonlyMap<string, ResultTable> | undefined,
): DashboardSnapshot {
  if (!earlier || earlier.size === 0) return snapshot;
  const { sink, results, pages } = snapshot;
  return {
    ...snapshot,
    results: sink === undefined ? results : withEarlier(results, earlier.get(sink)),
    ...(pages
      ? { pages: pages.map((page) => ({ ...page, results: withEarlier(page.results, earlier.get(page.sink)) })) }
      : {}),
  };
}

function withEarlier(results: ResultTable, earlier: ResultTable | undefined): ResultTable {
  if (!earlier || !sameColumns(results, earlier)) return results;
  const fresh = new Map(results.rows.map((row) => [keyOf(row, results), row]));
  const rows: ResultRow[] = [];
  for (const row of earlier.rows) {
    const key = keyOf(row, earlier);
    const now = fresh.get(key);
    rows.push(now ? newest(now, row) : row);
    fresh.delete(key);
  }
  rows.push(...fresh.values());
  return { ...results, rows: rows.slice(0, MAX_RESULT_ROWS) };
}

/** The newer of both, with the earlier history before the new one; what both hold counts once. */
function newest(now: ResultRow, before: ResultRow): ResultRow {
  const ageMs = (now.windowStartMs ?? 0) - (before.windowStartMs ?? 0);
  if (ageMs < 0) return before;
  const { trends } = before;
  if (!now.trends || !trends) return now;
  return { ...now, trends: now.trends.map((trend, at) => joined(trends[at] ?? [], trend).slice(-MAX_TREND)) };
}

/** `[1,2,3]` and `[2,3,4]` are `[1,2,3,4]`. */
function joined(before: readonly number[], now: readonly number[]): readonly number[] {
  for (let common = Math.min(before.length, now.length); common > 0; common--) {
    const start = before.length - common;
    if (before.every((value, at) => at < start || value === now[at - start])) return [...before, ...now.slice(common)];
  }
  return [...before, ...now];
}

function sameColumns(one: ResultTable, other: ResultTable): boolean {
  const names = (table: ResultTable): string =>
    JSON.stringify([table.columns.map(({ name, type }) => [name, type]), table.keys, table.trendColumns]);
  return names(one) === names(other);
}

function keyOf(row: ResultRow, { columns, keys }: ResultTable): string {
  const values = keys.map((key) => row.values[columns.findIndex(({ name }) => name === key)]);
  return JSON.stringify(values.map((value) => (typeof value === 'bigint' ? `${value}n` : (value ?? null))));
}
