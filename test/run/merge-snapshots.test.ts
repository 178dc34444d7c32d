import { describe, expect, it } from 'vitest';
import type { DashboardSnapshot } from '../../src/plan/snapshot.js';
import { mergeSnapshots } from '../../src/run/merge-snapshots.js';

const look: DashboardSnapshot = {
  pipeline: 'trips',
  dashboard: { title: 'Trips', panels: [] },
  state: 'running',
  atMs: 1_000,
  elapsedMs: 500,
  counts: { rowsIn: 10, resultsOut: 2, windowsClosed: 1, late: 3, rejected: 4 },
  rowsPerSecond: 20,
  lag: 5,
  watermarkMs: 100,
  history: { rowsPerSecond: [1, 2, 3], lag: [4], latePerSecond: [] },
  sources: [{ name: 'trips-in', partitions: 2, rowsIn: 10, lag: 5 }],
  results: {
    columns: [
      { name: 'city', type: 'string' },
      { name: 'count', type: 'bigint' },
    ],
    keys: ['city'],
    rows: [
      { values: ['Paris', 1], windowStartMs: 60 },
      { values: ['Lyon', 2], windowStartMs: 60 },
    ],
  },
  notes: [{ atMs: 2, level: 'info', text: 'b' }],
};

describe('looks at several workers', () => {
  it('count the local state of all, and keep a problem of one', () => {
    const kept = { folder: '/state/trips', written: 2, failures: 0 };
    const full = { ...kept, written: 1, failures: 3, problem: 'no space left' };
    const merged = mergeSnapshots([look, { ...look, localState: kept }, { ...look, localState: full }]);
    expect(merged.localState).toEqual({ ...kept, written: 3, failures: 3, problem: 'no space left' });
    expect(mergeSnapshots([look, look]).localState).toBeUndefined();
  });

  it('add up what each has done, and are as far as the last of them', () => {
    const other: DashboardSnapshot = {
      ...look,
      state: 'idle',
      atMs: 1_500,
      watermarkMs: 90,
      history: { rowsPerSecond: [10], lag: [1, 1], latePerSecond: [] },
      sources: [{ name: 'trips-in', partitions: 1, rowsIn: 7, lag: 1 }],
      results: { ...look.results, rows: [{ values: ['Paris', 9], windowStartMs: 120 }] },
      notes: [{ atMs: 1, level: 'info', text: 'a' }],
    };
    const both = mergeSnapshots([look, other]);
    expect(both).toMatchObject({ state: 'running', atMs: 1_500, watermarkMs: 90, lag: 10, rowsPerSecond: 40 });
    expect(both.counts).toEqual({ rowsIn: 20, resultsOut: 4, windowsClosed: 2, late: 6, rejected: 8 });
    expect(both.history.rowsPerSecond).toEqual([1, 2, 13]);
    expect(both.history.lag).toEqual([1, 5]);
    expect(both.sources).toEqual([{ name: 'trips-in', partitions: 3, rowsIn: 17, lag: 6 }]);
    expect(both.results.rows.map(({ values }) => values)).toEqual([
      ['Paris', 9],
      ['Lyon', 2],
    ]);
    expect(both.notes.map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('add up each page by itself', () => {
    const page = (...rows: { readonly values: readonly (string | number)[] }[]) => ({
      ...look,
      pages: [{ sink: 'trips-by-line', dashboard: look.dashboard, results: { ...look.results, rows } }],
    });
    const both = mergeSnapshots([page({ values: ['A', 1] }), page({ values: ['B', 2] }), look]);
    expect(both.pages).toHaveLength(1);
    expect(both.pages![0]!.results.rows.map(({ values }) => values)).toEqual([
      ['A', 1],
      ['B', 2],
    ]);
  });

  it('leave one alone as it is, and do not know a lag that one does not know', () => {
    expect(mergeSnapshots([look])).toBe(look);
    expect(mergeSnapshots([look, { ...look, lag: null }]).lag).toBeNull();
    expect(mergeSnapshots([{ ...look, state: 'done' }, look]).state).toBe('running');
  });
});
