import type { DashboardSnapshot } from '../../plan/snapshot.js';

/** How many pages a person can turn to; the first one is always there. */
export function pageCount({ pages = [] }: DashboardSnapshot): number {
  return 1 + pages.length;
}

/** What page `at` shows, from 0: the same run with the results and panels of one sink. The first where there is none. */
export function pageOf(snapshot: DashboardSnapshot, at: number): DashboardSnapshot {
  const page = snapshot.pages?.[at - 1];
  if (!page) return snapshot;
  const { window: _window, ...run } = snapshot;
  const { sink, dashboard, results, window } = page;
  return { ...run, sink, dashboard, results, ...(window === undefined ? {} : { window }) };
}
