import type { Value } from '../../base/row-batch.js';
import type { DashboardSnapshot, DashboardSpec, ResultTable, TableStatus } from '../../plan/snapshot.js';
import { shownRows } from '../dashboard/model.js';
import { initialView } from '../dashboard/view-state.js';

/**
 * A snapshot as one record for programs: what the dashboard shows, without how it shows it. Times are ISO 8601 in UTC.
 * @param top most keys, the first ones in the dashboard's own order; all when absent.
 */
export function frameRecord(
  snapshot: DashboardSnapshot,
  top?: number,
): { readonly type: 'frame' } & Readonly<Record<string, unknown>> {
  const {
    pipeline,
    state,
    atMs,
    elapsedMs,
    counts,
    lag,
    watermarkMs,
    window,
    sources,
    tables,
    sink,
    results,
    pages,
    notes,
  } = snapshot;
  const shown = (table: ResultTable, { sort }: DashboardSpec): ResultTable => ({
    ...table,
    rows: shownRows(table, initialView(sort, top)),
  });
  return {
    type: 'frame',
    pipeline,
    state,
    at: instant(atMs),
    elapsedMs,
    rowsPerSecond: Math.round(snapshot.rowsPerSecond * 10) / 10,
    lag,
    watermark: instant(watermarkMs),
    ...(window === undefined ? {} : { window }),
    counts,
    sources,
    ...(tables === undefined ? {} : { tables: tables.map((table) => tableRecord(table)) }),
    ...(sink === undefined ? {} : { sink }),
    results: resultObjects(shown(results, snapshot.dashboard)),
    ...(pages === undefined
      ? {}
      : {
          pages: pages.map((page) => ({
            sink: page.sink,
            ...(page.window === undefined ? {} : { window: page.window }),
            results: resultObjects(shown(page.results, page.dashboard)),
          })),
        }),
    notes: notes.map((note) => ({ at: instant(note.atMs), level: note.level, text: note.text })),
  };
}

/** A reference table as data. */
export function tableRecord({ loadedAtMs, ...table }: TableStatus): Readonly<Record<string, unknown>> {
  return { ...table, loadedAt: instant(loadedAtMs) };
}

function resultObjects(results: ResultTable): readonly Record<string, unknown>[] {
  return results.rows.map((row) => {
    const object: Record<string, unknown> = {};
    results.columns.forEach((column, at) => {
      const value: Value = row.values[at] ?? null;
      object[column.name] = column.type === 'timestamp' && typeof value === 'number' ? instant(value) : value;
    });
    if (row.windowStartMs !== undefined) object.window_start ??= instant(row.windowStartMs);
    if (row.windowEndMs !== undefined) object.window_end ??= instant(row.windowEndMs);
    if (row.reason !== undefined) object.reason ??= row.reason;
    return object;
  });
}

function instant(timeMs: number | null | undefined): string | null {
  return typeof timeMs === 'number' && Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : null;
}
