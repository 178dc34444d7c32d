import type { Value } from '../base/row-batch.js';
import {
  type CloseReason,
  type DashboardPage,
  type DashboardSpec,
  MAX_RESULT_ROWS,
  MAX_TREND,
  type ResultColumn,
  type ResultRow,
  type ResultTable,
} from '../plan/snapshot.js';

/** What of a page does not change while a run goes on. */
export interface PageFrame {
  /** Name of the sink whose results are shown; empty where there is none. */
  readonly sink: string;
  readonly dashboard: DashboardSpec;
  readonly columns: readonly ResultColumn[];
  /** Names of the columns that make the key of a result. */
  readonly keys: readonly string[];
  readonly trendColumns?: readonly string[];
  /** Size of the window in words: `1m tumbling`. */
  readonly window?: string;
}

/** One result, as the dashboard keeps it. */
export interface ShownResult {
  /** In the order of {@link PageFrame.columns}. */
  readonly values: readonly Value[];
  readonly windowStartMs?: number;
  readonly windowEndMs?: number;
  readonly reason: CloseReason;
}

/** The newest result per key of one sink, with the histories of a few columns. */
export class ShownResults {
  readonly frame: PageFrame;
  readonly #keyPositions: readonly number[];
  readonly #trendPositions: readonly number[];
  readonly #rows = new Map<string, ResultRow>();
  #dropped = 0;

  constructor(frame: PageFrame) {
    this.frame = frame;
    this.#keyPositions = frame.keys.map((key) => frame.columns.findIndex((column) => column.name === key));
    this.#trendPositions = (frame.trendColumns ?? []).map((name) =>
      frame.columns.findIndex((column) => column.name === name),
    );
  }

  /** Keeps `result` as the newest of its key. */
  show(result: ShownResult): void {
    const key = this.#keyOf(result);
    const before = this.#rows.get(key);
    if (!before && this.#rows.size >= MAX_RESULT_ROWS) {
      this.#dropped++;
      return;
    }
    // A restart may send an older window again: it does not replace a newer one.
    if (before && (before.windowStartMs ?? 0) > (result.windowStartMs ?? 0)) return;
    const { values, windowStartMs, windowEndMs, reason } = result;
    this.#rows.set(key, {
      values,
      ...(windowStartMs === undefined ? {} : { windowStartMs }),
      ...(windowEndMs === undefined ? {} : { windowEndMs }),
      reason,
      ...(this.#trendPositions.length > 0 ? { trends: this.#trendsAfter(before, result) } : {}),
    });
  }

  /** Forgets the result of a key that is no longer true. */
  hide(result: Pick<ShownResult, 'values'>): void {
    this.#rows.delete(this.#keyOf(result));
  }

  /** One look; what it holds is not changed afterwards. */
  table(): ResultTable {
    const { columns, keys, trendColumns } = this.frame;
    return {
      columns,
      keys,
      rows: [...this.#rows.values()],
      ...(trendColumns === undefined ? {} : { trendColumns }),
      ...(this.#dropped > 0 ? { dropped: this.#dropped } : {}),
    };
  }

  /** The same as a page of its own. */
  page(): DashboardPage {
    const { sink, dashboard, window } = this.frame;
    return { sink, dashboard, ...(window === undefined ? {} : { window }), results: this.table() };
  }

  #keyOf({ values }: Pick<ShownResult, 'values'>): string {
    // One text is the usual key; no list in JSON begins like it.
    const only = this.#keyPositions.length === 1 ? values[this.#keyPositions[0]!] : undefined;
    if (typeof only === 'string') return `"${only}`;
    return JSON.stringify(this.#keyPositions.map((position) => printable(values[position])));
  }

  #trendsAfter(before: ResultRow | undefined, result: ShownResult): readonly (readonly number[])[] {
    const isUpdate =
      before !== undefined && before.windowStartMs !== undefined && before.windowStartMs === result.windowStartMs;
    return this.#trendPositions.map((position, at) => {
      const earlier = before?.trends?.[at] ?? [];
      const value = numberAt(result, position);
      if (value === undefined) return earlier;
      // An update of the same window replaces its own value, where it had one.
      const kept = isUpdate && numberAt(before, position) !== undefined ? earlier.slice(0, -1) : earlier;
      return [...kept.slice(-(MAX_TREND - 1)), value];
    });
  }
}

function numberAt({ values }: Pick<ShownResult, 'values'>, position: number): number | undefined {
  const number = Number(values[position] ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

function printable(value: Value | undefined): unknown {
  return typeof value === 'bigint' ? `${value}n` : (value ?? null);
}
