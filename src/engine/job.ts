import type { RowBatch, Value } from '../base/row-batch.js';
import type { Plan } from '../plan/plan.js';
import type { Block } from './exchange/block-writer.js';

/**
 * Why rows left a step. `watermark`: event time passed the window's end. `idle`: silent partitions were set
 * aside. `eof`: every input ended. `timeout`: the run was told to stop waiting. `update`: a change of a result
 * that is not final, or a row of a step without windows.
 */
export type CloseReason = 'watermark' | 'idle' | 'eof' | 'timeout' | 'update';

/** Rows for a sink, in the sink's columns. */
export interface ResultOutput {
  readonly kind: 'result';
  /** Name of the sink in the plan. */
  readonly sink: string;
  /** Name of the step the rows come from. */
  readonly step: string;
  readonly reason: CloseReason;
  readonly batch: RowBatch;
  /** Bounds [start, end) of each row's window, epoch ms; absent where the step has no window. */
  readonly windowStarts?: Float64Array;
  readonly windowEnds?: Float64Array;
  /** Event time of each row, epoch ms: what the sink stamps on the record. For a window it is its end - 1. */
  readonly eventTimes: Float64Array;
  /**
   * 1 for each row that is no longer true and has no successor under its record key: only the key columns count. Absent
   * where every row is a result.
   */
  readonly deleted?: Uint8Array;
}

/**
 * Rows that came when every window that could hold them had closed: each once, however many steps it was too late for. What
 * each step was given too late is in {@link StepMetrics.late}.
 */
export interface LateOutput {
  readonly kind: 'late';
  /** The first step that they were too late for. */
  readonly step: string;
  /** Source they were fed from, null when they are results of an earlier step. */
  readonly source: string | null;
  /** The rows as they were fed (or as the earlier step gave them), with partition and offsets. */
  readonly batch: RowBatch;
  readonly eventTimes: Float64Array;
}

/** Rows that broke a rule, have no event time, or on which an expression failed. */
export interface RejectedOutput {
  readonly kind: 'rejected';
  readonly step: string;
  readonly source: string | null;
  /** The rows as they were fed (or as the earlier step gave them), with partition and offsets. */
  readonly batch: RowBatch;
  /** One per row, for people: `price is not positive; year is out of range`. */
  readonly reasons: readonly string[];
}

/** What {@link Job.drain} hands out. */
export type Output = ResultOutput | LateOutput | RejectedOutput;

/** Counts since the job was made or restored; restored counts go on. */
export interface JobMetrics {
  readonly sources: readonly SourceMetrics[];
  readonly steps: readonly StepMetrics[];
}

/** What one source took in. */
export interface SourceMetrics {
  readonly source: string;
  readonly rows: number;
  readonly rejected: number;
  /** -Infinity before the first row of every partition, Infinity when all ended. */
  readonly watermark: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly watermark: number;
    readonly idle: boolean;
    readonly ended: boolean;
  }[];
}

/** What one step did. */
export interface StepMetrics {
  readonly step: string;
  readonly kind: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly late: number;
  readonly rejected: number;
  /** Rows left out because the step says so: repeats, steps back in time, lookups that find nothing. */
  readonly dropped: number;
  /** Groups (key and window) now in memory, and the windows they belong to; 0 where no state is kept. */
  readonly groups: number;
  readonly windows: number;
}

/** How {@link Job}s are made; every bound has a default. */
export interface JobOptions {
  /** Values of the plan's parameters; see resolveParameters in plan/parameters.ts. */
  readonly parameters?: Readonly<Record<string, Value>>;
  /** Partitions that are read, per source name; more can be added by {@link Job.assign}. */
  readonly partitions?: Readonly<Record<string, readonly number[]>>;
  /** Groups (key and window) or rows that one step may hold before the job stops with `limit-exceeded`. */
  readonly maxGroups?: number;
  /**
   * How far an event time may be ahead of the last {@link Job.tick}; rows beyond are rejected before they move a watermark.
   * Absent, or before the first tick: any time is taken.
   */
  readonly maxAheadMs?: number;
  /** Rows of the plan's tables that it does not hold itself; others can come by {@link Job.table}. */
  readonly tables?: Readonly<Record<string, ReferenceRows>>;
}

/** One edition of a reference table. */
export interface ReferenceRows {
  /** In the columns of the table, by name, in any order. */
  readonly rows: RowBatch;
  /** Says which edition it is: rows that look it up can be stamped with it. */
  readonly version: string;
}

/**
 * A plan at work: pure and synchronous, driven only by the rows it is fed and by what it is told about time.
 * Calls throw `limit-exceeded` when a bound is reached; the job is then over.
 */
export interface Job {
  readonly plan: Plan;
  /**
   * A partition of `source` is read from now on: it holds the watermark back until it has rows or is idle.
   * @param newest largest event time of the rows before, where it is known.
   */
  assign(source: string, partition: number, newest?: number): void;
  /** Largest event time of a partition, -Infinity before its first row. */
  newest(source: string, partition: number): number;
  /** A partition went to another worker: it no longer counts for the watermark. */
  revoke(source: string, partition: number): void;
  /**
   * Takes rows of one partition in the order of their offsets; makes the partition active.
   * The batch holds at least the columns of neededColumns(plan, source) (plan/needed-columns.ts), by name, in
   * any order, and `timestamps` where the event time is the record's. It must not change afterwards.
   */
  feed(source: string, batch: RowBatch): void;
  /** Gives a table its rows, in place of those it had. Every table has to have been given before the first `feed`. */
  table(name: string, edition: ReferenceRows): void;
  /** The partition is caught up and silent: the watermark goes on without it. All idle: every window closes. */
  idle(source: string, partition: number): void;
  /** The partition counts again, without waiting for its next row. */
  active(source: string, partition: number): void;
  /** No more rows will come from the partition. When all ended, every window closes with reason `eof`. */
  end(source: string, partition: number): void;
  /** Tells the time of day (epoch ms), for `maxAheadMs`; the job knows no other clock. */
  tick(nowMs: number): void;
  /** Closes every open window now, for a run that stops waiting; rows for them are late afterwards. */
  close(reason: 'timeout' | 'eof'): void;
  /** Everything that came out since the last call, in order. */
  drain(): Output[];
  /** Smallest watermark of the sources: -Infinity before the first rows, Infinity after the last. */
  watermark(): number;
  metrics(): JobMetrics;
  /** Everything needed to go on later: state, watermarks, counts; drained outputs are not in it. Drain first. */
  snapshot(): Uint8Array;
  /**
   * Replaces the state by that of a snapshot, or of several that hold different groups and parts of one state (tables stay as they are), with the partitions it had; assign and revoke those that differ now.
   * @throws `bad-plan` when the snapshot is of a plan whose state has another shape, saying what changed.
   */
  restore(...snapshots: readonly Uint8Array[]): void;
}

/** The first phase of a plan over one partition; made by compilePhase of compile-job.ts. */
export interface FirstPhaseJob extends Job {
  /** Whether so much was gathered that it should be sent now. */
  readonly gathered: boolean;
  /** Everything gathered since the last call, and how far the partition is, for every share of every exchange. */
  blocks(partition: number, epoch: number): readonly Block[];
}

/** A part of the second phase, for one share of its keys. */
export interface SecondPhaseJob extends Job {
  /** Takes a block; those of one partition in the order in which they were made. */
  takeBlock(exchange: string, bytes: Uint8Array): void;
}
