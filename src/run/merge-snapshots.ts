import {
  type DashboardPage,
  type DashboardSnapshot,
  type HistoryMetric,
  type LocalStateStatus,
  MAX_HISTORY,
  MAX_NOTES,
  MAX_RESULT_ROWS,
  type ResultRow,
  type ResultTable,
  type RunState,
  type SourceStatus,
} from '../plan/snapshot.js';

/** What all workers together are: the first that one of them is. */
const STATES: readonly RunState[] = ['failed', 'running', 'draining', 'paused', 'idle', 'starting', 'done'];
const METRICS: readonly HistoryMetric[] = ['rowsPerSecond', 'lag', 'latePerSecond'];

/** One look at several workers of one pipeline, each of which has seen its share. @param all at least one. */
export function mergeSnapshots(all: readonly DashboardSnapshot[]): DashboardSnapshot {
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return first!;
  const sum = (of: (one: DashboardSnapshot) => number): number => all.reduce((total, one) => total + of(one), 0);
  const watermarks = all.flatMap(({ watermarkMs }) => watermarkMs ?? []);
  const states = new Set(all.map(({ state }) => state));
  return {
    ...first,
    state: STATES.find((state) => states.has(state))!,
    atMs: Math.max(...all.map(({ atMs }) => atMs)),
    elapsedMs: Math.max(...all.map(({ elapsedMs }) => elapsedMs)),
    counts: {
      rowsIn: sum(({ counts }) => counts.rowsIn),
      resultsOut: sum(({ counts }) => counts.resultsOut),
      windowsClosed: sum(({ counts }) => counts.windowsClosed),
      late: sum(({ counts }) => counts.late),
      rejected: sum(({ counts }) => counts.rejected),
    },
    rowsPerSecond: sum(({ rowsPerSecond }) => rowsPerSecond),
    lag: all.some(({ lag }) => lag === null) ? null : sum(({ lag }) => lag!),
    watermarkMs: watermarks.length === 0 ? null : Math.min(...watermarks),
    history: Object.fromEntries(METRICS.map((metric) => [metric, added(all.map((one) => one.history[metric] ?? []))])),
    sources: mergeSources(all),
    ...mergeLocalState(all),
    results: { ...first.results, rows: mergeRows(all.map(({ results }) => results)) },
    ...mergePages(first.pages ?? [], all),
    notes: all
      .flatMap(({ notes }) => notes)
      .toSorted((a, b) => a.atMs - b.atMs)
      .slice(-MAX_NOTES),
  };
}

/** Histories end at the same second. */
function added(histories: readonly (readonly number[])[]): readonly number[] {
  const length = Math.min(MAX_HISTORY, Math.max(...histories.map((history) => history.length)));
  return Array.from({ length }, (_, at) =>
    histories.reduce((sum, history) => sum + (history[history.length - length + at] ?? 0), 0),
  );
}

function mergeSources(all: readonly DashboardSnapshot[]): readonly SourceStatus[] {
  const sources = new Map<string, SourceStatus>();
  for (const source of all.flatMap((one) => one.sources)) {
    const known = sources.get(source.name);
    sources.set(
      source.name,
      known
        ? {
            name: source.name,
            partitions: known.partitions + source.partitions,
            rowsIn: known.rowsIn + source.rowsIn,
            lag: known.lag === null || source.lag === null ? null : known.lag + source.lag,
          }
        : source,
    );
  }
  return [...sources.values()];
}

function mergeLocalState(all: readonly DashboardSnapshot[]): { readonly localState?: LocalStateStatus } {
  const each = all.flatMap(({ localState }) => localState ?? []);
  const [first] = each;
  if (!first) return {};
  const problem = each.find((one) => one.problem !== undefined)?.problem;
  return {
    localState: {
      folder: first.folder,
      written: each.reduce((sum, { written }) => sum + written, 0),
      failures: each.reduce((sum, { failures }) => sum + failures, 0),
      ...(problem === undefined ? {} : { problem }),
    },
  };
}

/** Workers of one pipeline have the same pages. */
function mergePages(
  first: readonly DashboardPage[],
  all: readonly DashboardSnapshot[],
): Pick<DashboardSnapshot, 'pages'> {
  if (first.length === 0) return {};
  const tablesOf = (sink: string): readonly ResultTable[] =>
    all.flatMap(({ pages }) => pages?.find((page) => page.sink === sink)?.results ?? []);
  return {
    pages: first.map((page) => ({ ...page, results: { ...page.results, rows: mergeRows(tablesOf(page.sink)) } })),
  };
}

/** Of each key the newest result: a key may have moved from one worker to another. */
function mergeRows(all: readonly ResultTable[]): readonly ResultRow[] {
  const rows = new Map<string, ResultRow>();
  for (const results of all) {
    const positions = results.keys.map((key) => results.columns.findIndex(({ name }) => name === key));
    for (const row of results.rows) {
      const key = JSON.stringify(positions.map((at) => String(row.values[at] ?? null)));
      const known = rows.get(key);
      if (!known || (row.windowStartMs ?? 0) >= (known.windowStartMs ?? 0)) rows.set(key, row);
    }
  }
  return [...rows.values()].slice(0, MAX_RESULT_ROWS);
}
