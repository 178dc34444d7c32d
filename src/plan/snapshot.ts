import type { Value, ValueType } from '../base/row-batch.js';

/**
 * Where a run stands.
 * `starting`: connecting, nothing read yet; `running`: rows come in; `idle`: caught up and waiting; `paused`: by the
 * person who watches; `draining`: the end was asked for and the last windows close; `done` and `failed` are final.
 */
export type RunState = 'starting' | 'running' | 'idle' | 'paused' | 'draining' | 'done' | 'failed';

/** Why a window gave its result. */
export type CloseReason = 'watermark' | 'idle' | 'eof' | 'timeout' | 'update';

/** A column of the results. */
export interface ResultColumn {
  readonly name: string;
  readonly type: ValueType;
  /** Shown before or after numbers: `£`, `km`, `%`. */
  readonly unit?: string;
  /** Digits after the point, at most; chosen by the size of the number when absent. */
  readonly digits?: number;
}

/** The newest result of one key. */
export interface ResultRow {
  /** One value per column of the {@link ResultTable}, in its order. */
  readonly values: readonly Value[];
  /** Start and end of the window [start, end) as epoch ms; absent for results without windows. */
  readonly windowStartMs?: number;
  readonly windowEndMs?: number;
  readonly reason?: CloseReason;
  /**
   * For each of the table's `trendColumns` its earlier values for this key, oldest first, the newest included; at most
   * {@link MAX_TREND}.
   */
  readonly trends?: readonly (readonly number[])[];
}

/** Newest result per key, in the order in which the keys were first seen; at most {@link MAX_RESULT_ROWS}. */
export interface ResultTable {
  readonly columns: readonly ResultColumn[];
  /** Names of the columns that make the key. */
  readonly keys: readonly string[];
  readonly rows: readonly ResultRow[];
  /** Numeric columns whose histories `trends` of each row holds. */
  readonly trendColumns?: readonly string[];
  /** Keys that found no room. */
  readonly dropped?: number;
}

/** Horizontal bars: one per result row. */
export interface BarsPanel {
  readonly kind: 'bars';
  readonly title: string;
  /** Column of the labels. */
  readonly label: string;
  /** Numeric column of the lengths. */
  readonly value: string;
}

/** The results as a table. */
export interface TablePanel {
  readonly kind: 'table';
  readonly title: string;
  /** Columns to show in this order; all when absent. */
  readonly columns?: readonly string[];
}

/** A number of the run over time, as a small area. */
export interface SparklinePanel {
  readonly kind: 'sparkline';
  readonly title: string;
  readonly metric: HistoryMetric;
}

/** Trend columns of several keys over time, one line per key and column. */
export interface LinePanel {
  readonly kind: 'line';
  readonly title: string;
  /** Column of the labels. */
  readonly label: string;
  /** Which of the trend columns. */
  readonly values: readonly string[];
}

/** Names of the numbers of which a snapshot keeps a history. */
export type HistoryMetric = 'rowsPerSecond' | 'lag' | 'latePerSecond';

/** One part of a dashboard, as data. */
export type Panel = BarsPanel | TablePanel | SparklinePanel | LinePanel;

/** What a pipeline's dashboard shows: part of the plan. */
export interface DashboardSpec {
  readonly title: string;
  /** In order of importance: what finds no room on a small terminal is left out from the end. */
  readonly panels: readonly Panel[];
  /** Column (prefix `-` for descending) by which results are sorted at the beginning. */
  readonly sort?: string;
}

/** The results of one more sink, with the panels that show them: a page that a person turns to. */
export interface DashboardPage {
  /** Name of the sink. */
  readonly sink: string;
  readonly dashboard: DashboardSpec;
  /** Size of the window in words: `1m tumbling`. */
  readonly window?: string;
  readonly results: ResultTable;
}

/** What was read, written and set aside since the start of the run. */
export interface RunCounts {
  readonly rowsIn: number;
  readonly resultsOut: number;
  readonly windowsClosed: number;
  readonly late: number;
  readonly rejected: number;
}

/** One topic or file that feeds the run. */
export interface SourceStatus {
  readonly name: string;
  readonly partitions: number;
  readonly rowsIn: number;
  /** Records that are in the source and were not read yet; null when unknown. */
  readonly lag: number | null;
}

/** A reference table that a run follows. */
export interface TableStatus {
  readonly name: string;
  /** Which edition is in force: `stations.csv@1f0e9a3c5b77`, `stations@42`. */
  readonly version: string;
  readonly rows: number;
  /** When this edition was read, epoch ms. */
  readonly loadedAtMs: number;
  /** Newer editions since the run began. */
  readonly reloads: number;
  /** Times it was found to be gone, unreadable or bad. */
  readonly failures: number;
  /** What is wrong with what is there now; absent: nothing. */
  readonly problem?: string;
}

/** Copies of states that a run keeps on its machine. */
export interface LocalStateStatus {
  readonly folder: string;
  /** Copies written since the run began. */
  readonly written: number;
  /** Copies that could not be. */
  readonly failures: number;
  /** What is wrong with the disk now; absent: nothing. */
  readonly problem?: string;
}

/** A line worth reading: the newest are kept, at most {@link MAX_NOTES}. */
export interface Note {
  readonly atMs: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** One look at a pipeline: made by run/, painted by ui/, printed as data by `watch --frames ndjson`. Plain data. */
export interface DashboardSnapshot {
  readonly pipeline: string;
  readonly dashboard: DashboardSpec;
  readonly state: RunState;
  /** When the snapshot was made, epoch ms. */
  readonly atMs: number;
  /** Since the run began. */
  readonly elapsedMs: number;
  readonly counts: RunCounts;
  /** Over the last second or so. */
  readonly rowsPerSecond: number;
  /** Sum over the sources; null when unknown. */
  readonly lag: number | null;
  /** Event time up to which everything was seen, epoch ms; null before the first row. */
  readonly watermarkMs: number | null;
  /** Distance between the newest event time seen and the watermark's rule, ms. */
  readonly latenessMs?: number;
  /** Size of the window in words: `1m tumbling`. */
  readonly window?: string;
  /** One number per second, oldest first, at most {@link MAX_HISTORY}. */
  readonly history: Readonly<Partial<Record<HistoryMetric, readonly number[]>>>;
  readonly sources: readonly SourceStatus[];
  /** Reference tables that are read from files and topics; absent where there is none. */
  readonly tables?: readonly TableStatus[];
  /** Copies of states on the machine of the run; absent where none are kept. */
  readonly localState?: LocalStateStatus;
  /** Name of the sink whose results these are. */
  readonly sink?: string;
  readonly results: ResultTable;
  /** The other sinks that have panels, in the order of their panels; absent where there is none. */
  readonly pages?: readonly DashboardPage[];
  readonly notes: readonly Note[];
  /** Where it runs: `embedded broker` or `kafka-1:9092`. */
  readonly place?: string;
}

/** Bound of `history`: seconds that a dashboard can look back. */
export const MAX_HISTORY = 240;
/** Bound of each of `trends` of one row. */
export const MAX_TREND = 60;
/** Bound of `rows`: keys that a dashboard holds. */
export const MAX_RESULT_ROWS = 2000;
/** Bound of `notes`. */
export const MAX_NOTES = 20;
