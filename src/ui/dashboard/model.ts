import type { Value } from '../../base/row-batch.js';
import type {
  BarsPanel,
  DashboardSnapshot,
  LinePanel,
  ResultColumn,
  ResultRow,
  ResultTable,
  TablePanel,
} from '../../plan/snapshot.js';
import type { BarsData } from '../charts/bars.js';
import type { LinesData } from '../charts/line.js';
import type { Look } from '../charts/look.js';
import { sparkText } from '../charts/sparkline.js';
import type { ChartColumn, TableData } from '../charts/table.js';
import { digitsFor, formatTime, formatValue, shownUnit } from '../text/numbers.js';
import { pageOf } from './pages.js';
import type { Sort, ViewScope, ViewState } from './view-state.js';

/** Cells of the trend column of a table. */
const TREND_WIDTH = 12;

/** The rows that the filter lets through, in the order that the person chose. Equal rows keep their order. */
export function shownRows(
  results: ResultTable,
  view: Pick<ViewState, 'filter' | 'sort' | 'top'>,
): readonly ResultRow[] {
  return orderedRows(results, view).slice(0, view.top ?? results.rows.length);
}

function orderedRows(results: ResultTable, view: Pick<ViewState, 'filter' | 'sort'>): readonly ResultRow[] {
  const filter = view.filter.toLowerCase();
  const keyAt = results.keys.map((key) => results.columns.findIndex((column) => column.name === key));
  const rows = filter
    ? results.rows.filter((row) =>
        keyAt.some((at) =>
          String(row.values[at] ?? '')
            .toLowerCase()
            .includes(filter),
        ),
      )
    : results.rows;
  const at = view.sort ? results.columns.findIndex((column) => column.name === view.sort!.column) : -1;
  if (at < 0) return rows;
  const sign = view.sort!.descending ? -1 : 1;
  return [...rows].sort((a, b) => compareValues(a.values[at], b.values[at], sign));
}

/** Nulls stand last in both directions. */
function compareValues(a: Value | undefined, b: Value | undefined, sign: number): number {
  const missingA = a === null || a === undefined;
  const missingB = b === null || b === undefined;
  if (missingA || missingB) return Number(missingA) - Number(missingB);
  if (typeof a === 'string' && typeof b === 'string') return sign * (a < b ? -1 : a > b ? 1 : 0);
  return a < b ? -sign : a > b ? sign : 0;
}

/** What the keys act on in this snapshot. */
export function scopeOf(snapshot: DashboardSnapshot, view: ViewState): ViewScope {
  const { results, dashboard } = pageOf(snapshot, view.page);
  const known = results.columns.map((column) => column.name);
  const bars = dashboard.panels.find((panel) => panel.kind === 'bars');
  const table = dashboard.panels.find((panel) => panel.kind === 'table');
  // What the bars show comes first, then what the table shows.
  const named = [...(bars ? [bars.value] : []), ...(table?.columns ?? known)];
  const columns = [...new Set(named)].filter((name) => known.includes(name));
  const sorts = [snapshot.dashboard, ...(snapshot.pages ?? []).map((page) => page.dashboard)].map(({ sort }) => sort);
  return { columns, rowCount: shownRows(results, view).length, sorts };
}

/** `avg_price` as people read it: `avg price`. */
export function columnTitle(name: string): string {
  return name.replaceAll('_', ' ');
}

/** The bars of a panel. */
export function barsOf(panel: BarsPanel, results: ResultTable, rows: readonly ResultRow[], look: Look): BarsData {
  const labelAt = results.columns.findIndex((column) => column.name === panel.label);
  const valueAt = results.columns.findIndex((column) => column.name === panel.value);
  const column = results.columns[valueAt];
  const countAt = results.columns.findIndex((other) => /^(count|rows|n)$/.test(other.name));
  return {
    bars: rows.map((row) => {
      const value = numberOf(row.values[valueAt]);
      const count = countAt >= 0 && countAt !== valueAt ? row.values[countAt] : undefined;
      return {
        label: labelOf(row, results, labelAt),
        value,
        ...(count === undefined || count === null ? {} : { note: look.say('{1} rows', formatValue(count)) }),
      };
    }),
    digits: digitsOf(column, rows, valueAt),
    ...(column?.unit ? { unit: shownUnit(column.unit, look.unicode) } : {}),
  };
}

/** All columns of a key of several, so that bars can be told apart; `all` where there is no key. */
function labelOf(row: ResultRow, results: ResultTable, labelAt: number): string {
  const name = results.columns[labelAt]?.name;
  if (name === undefined) return 'all';
  const parts = results.keys.includes(name) ? results.keys : [name];
  return parts
    .map((part) => formatValue(row.values[results.columns.findIndex((column) => column.name === part)]).trim())
    .join(' ');
}

function numberOf(value: Value | undefined): number | null {
  if (typeof value !== 'number' && typeof value !== 'bigint') return null;
  return Number.isFinite(Number(value)) ? Number(value) : null;
}

/** One number of digits for a whole column, so that points stand below each other. */
function digitsOf(column: ResultColumn | undefined, rows: readonly ResultRow[], at: number): number {
  if (column?.digits !== undefined) return column.digits;
  if (column?.type === 'bigint') return 0;
  const sizes = rows.map((row) => Math.abs(numberOf(row.values[at]) ?? 0));
  return sizes.every(Number.isInteger) ? 0 : digitsFor(Math.max(0, ...sizes));
}

/** The table of a panel, as texts. */
export function tableOf(
  panel: TablePanel,
  results: ResultTable,
  rows: readonly ResultRow[],
  { sort, scroll }: { readonly sort: Sort | null; readonly scroll: number },
  { unicode, say }: Look,
): TableData {
  const names = panel.columns ?? results.columns.map((column) => column.name);
  const picked = names
    .map((name) => results.columns.findIndex((column) => column.name === name))
    .filter((at) => at >= 0);
  const digits = picked.map((at) => digitsOf(results.columns[at], rows, at));
  const columns: ChartColumn[] = picked.map((at) => {
    const column = results.columns[at]!;
    const sorted = sort?.column === column.name ? (sort.descending ? 'down' : 'up') : undefined;
    return {
      title: columnTitle(column.name),
      align: column.type === 'bigint' || column.type === 'double' ? 'right' : 'left',
      ...(sorted ? { sorted } : {}),
    };
  });
  const withTrend = rows.some((row) => (row.trends?.[0]?.length ?? 0) > 1);
  const withReason = rows.some((row) => row.reason !== undefined);
  // A panel that names a bound of the window shows it where it wants it.
  const withWindow = !names.some(isWindowBound) && rows.some((row) => row.windowEndMs !== undefined);
  if (withTrend) columns.push({ title: say('trend'), align: 'left', trend: true });
  if (withWindow) columns.push({ title: say('window'), align: 'left' });
  if (withReason) columns.push({ title: say('closed by'), align: 'left' });
  const texts = rows.map((row) => {
    const cells = picked.map((at, place) => cellOf(row.values[at], results.columns[at]!, digits[place]!));
    if (withTrend) cells.push(sparkText(row.trends?.[0] ?? [], TREND_WIDTH, unicode).padEnd(TREND_WIDTH));
    if (withWindow) cells.push(windowText(row, unicode));
    if (withReason) cells.push(row.reason ?? '');
    return cells;
  });
  return { columns, rows: texts, scroll };
}

function isWindowBound(name: string): boolean {
  return name === 'window_start' || name === 'window_end';
}

function cellOf(value: Value | undefined, column: ResultColumn, digits: number): string {
  if (column.type === 'timestamp' && typeof value === 'number') return formatTime(value);
  return formatValue(value, typeof value === 'number' && column.type === 'double' ? digits : undefined).trim();
}

function windowText(row: ResultRow, unicode: boolean): string {
  if (row.windowStartMs === undefined) return '';
  return `${formatTime(row.windowStartMs)}${unicode ? '–' : '-'}${formatTime(row.windowEndMs)}`;
}

/** The lines of a panel: the trends of each key. */
export function linesOf(panel: LinePanel, results: ResultTable, rows: readonly ResultRow[]): LinesData {
  const labelAt = results.columns.findIndex((column) => column.name === panel.label);
  const drawn = panel.values.map((name) => ({ name, at: results.trendColumns?.indexOf(name) ?? -1 }));
  return {
    series: rows.flatMap((row) => {
      const key = labelOf(row, results, labelAt);
      // A line keeps its colour whatever the order is.
      const color = results.rows.indexOf(row) * drawn.length;
      return drawn.map(({ name, at }, place) => ({
        label: drawn.length === 1 ? key : `${key} ${columnTitle(name)}`,
        values: row.trends?.[at] ?? [],
        color: color + place,
      }));
    }),
  };
}
