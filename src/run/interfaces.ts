import type { FileSystem } from '../base/files.js';
import type { RowBatch, Value } from '../base/row-batch.js';
import type { ClientEdges, ClientSettings, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { Plan } from '../plan/plan.js';
import type { CloseReason, DashboardSnapshot, Note, ResultColumn } from '../plan/snapshot.js';

/** The outside world of a run. */
export interface RunEdges extends ClientEdges {
  readonly files: FileSystem;
}

/** Where a source is read from when the group has committed nothing, or always when there is no group. */
export type StartPosition =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  /** The first record whose timestamp is not before. */
  | { readonly kind: 'timestamp'; readonly atMs: number }
  /** This offset of each partition, or the nearest that it holds. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many records after the start (positive) or before the end (negative) of each partition. */
  | { readonly kind: 'relative'; readonly count: number }
  /** An offset of each partition; partitions that are not named are read from the start. */
  | { readonly kind: 'offsets'; readonly offsets: readonly TopicPartitionOffset[] };

/** Where the values of one result row stand: `values` in the order of `columns`. */
export interface WindowResult {
  readonly sink: string;
  readonly columns: readonly ResultColumn[];
  readonly values: readonly Value[];
  /** Window [start, end) as epoch ms; absent for results without windows. */
  readonly windowStartMs?: number;
  readonly windowEndMs?: number;
  readonly reason: CloseReason;
}

/** Results that left together, none of them taken back. */
export interface ResultRows {
  readonly sink: string;
  /** As {@link WindowResult.columns}; their values are the vectors of `batch`, in that order. */
  readonly columns: readonly ResultColumn[];
  readonly batch: RowBatch;
  /** Bounds of each row's window, epoch ms; absent for results without windows. */
  readonly windowStarts?: Float64Array;
  readonly windowEnds?: Float64Array;
  readonly reason: CloseReason;
}

/** A row that came after its last window had closed. */
export interface LateRow {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventTimeMs: number;
  /** Watermark that had passed it. */
  readonly watermarkMs: number;
}

/** A record that could not be used. */
export interface RejectedRow {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
}

/** Told while a run goes on, in the order in which things happen; calls are synchronous and must be short. */
export interface RunListener {
  result?(result: WindowResult): void;
  /** In place of `result` where results that left together can be taken together. */
  results?(rows: ResultRows): void;
  late?(row: LateRow): void;
  rejected?(row: RejectedRow): void;
  /** `rows` were read: decoded, before any rule of the plan. */
  rows?(rows: RowBatch): void;
  watermark?(watermarkMs: number): void;
  /** Records not read yet, all partitions together. */
  lag?(records: number): void;
  /** A bounded run read everything and closed its last windows. */
  eof?(): void;
  /** About once a second. */
  progress?(snapshot: DashboardSnapshot): void;
  note?(note: Note): void;
  /** Awaited between two batches: resolves when the listener can take more. */
  ready?(): Promise<void>;
}

/**
 * Why a run ended: a bounded one read all there was, somebody asked for the end, it wrote the snapshot that was asked for,
 * another run took over for one, or an error.
 */
export type EndReason = 'eof' | 'stopped' | 'snapshot' | 'taken-over' | 'failed';

/** What a run leaves behind. */
export interface EndSummary {
  readonly reason: EndReason;
  /** Set when `reason` is `failed`. */
  readonly error?: Error;
  /** The last look at the run. */
  readonly snapshot: DashboardSnapshot;
  /** Bytes of the snapshot that was written. */
  readonly snapshotBytes?: number;
  /** Rows read per topic and partition, and the offset that a next run continues from. */
  readonly positions: readonly TopicPartitionOffset[];
}

/** A pipeline that is at work in this process. Made by `startPipelineRun` of pipeline-run.ts. */
export interface PipelineRun {
  /** One look at it, made anew at each call (cheap enough for ten calls a second). */
  snapshot(): DashboardSnapshot;
  /** Resolves when the run has ended, whatever the reason; never rejects. */
  readonly done: Promise<EndSummary>;
  /** Stops reading, keeps what is open for the next run, commits and ends. */
  stop(): Promise<EndSummary>;
  /** Holds reading; `resume` goes on. Group membership is kept meanwhile. */
  pause(): void;
  resume(): void;
}

/** A run that goes on elsewhere, seen through its status topic. Made by `followStatus` of follow-status.ts. */
export interface FollowedRun {
  /** The newest look; undefined before the first status record was read. */
  snapshot(): DashboardSnapshot | undefined;
  /** Age of the newest status record in ms; undefined before the first. A live run writes one a second. */
  ageMs(): number | undefined;
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** What every kind of run needs. */
export interface RunPlace {
  readonly edges: RunEdges;
  /**
   * Where the broker is now. Asked again after a connection was lost for good: an embedded broker that is started anew
   * listens on another port.
   */
  connect(): Promise<ClientSettings>;
  /** Absolute path of a file that a plan or a person names; as it stands when absent. */
  findFile?(path: string): string;
  /** Said in snapshots: `embedded broker` or `kafka-1:9092`. */
  readonly name?: string;
}

/**
 * What happens to records and rows that cannot be used, and when a reference table is gone: `quarantine` puts them in the
 * dead letters, `skip` counts them only, `stop` ends the run at the first one.
 */
export type OnError = 'stop' | 'skip' | 'quarantine';

/** How often a result counts after crashes. */
export type Delivery = 'exactly-once' | 'at-least-once';

/** What `startPipelineRun` of pipeline-run.ts is told. */
export interface PipelineRunOptions {
  readonly plan: Plan;
  readonly place: RunPlace;
  /** Values of the plan's parameters. */
  readonly parameters?: Readonly<Record<string, Value>>;
  /** Files to read reference tables from, by the table's name, instead of what the plan says. */
  readonly tables?: Readonly<Record<string, string>>;
  /**
   * Group whose members share the work and whose commits are the checkpoints; default `streamctl-<pipeline>`.
   * Null: reads every partition on its own, commits nothing and writes no topic; results go to the listener only.
   */
  readonly group?: string | null;
  /** Without a group of its own only: commits what was read to this group when the run ends. */
  readonly commitTo?: string;
  /** Partitions to read of every source, without a group only; all when absent. */
  readonly partitions?: readonly number[];
  /** Default: from the start. */
  readonly from?: StartPosition;
  /** Ends at the end offsets read at the start, or at these (exclusive). */
  readonly bounded?: boolean | readonly TopicPartitionOffset[];
  /** A bounded run ends with its windows open, as one that is stopped, instead of giving them out. */
  readonly keepOpen?: boolean;
  /** File of a snapshot to begin from, absolute; refused where the pipeline has progress, unless that is reset. */
  readonly fromSnapshot?: string;
  /**
   * Takes the pipeline over from whoever runs it (the others save and end), writes a snapshot of it here, absolute, and ends.
   * Nothing is read.
   */
  readonly snapshotTo?: string;
  /** Forgets committed offsets and state of former runs. */
  readonly resetState?: boolean;
  /** Silence after which a partition no longer holds windows back, instead of what the plan says. */
  readonly idleAfterMs?: number;
  /**
   * `exactly-once` (default): readers of committed records see each result once, at the checkpoint after it;
   * `at-least-once`: at once, and perhaps again after a crash, with the same values.
   */
  readonly delivery?: Delivery;
  /** Default `quarantine`. */
  readonly onError?: OnError;
  /** How far ahead of the clock an event time may be; Infinity: any. Default {@link MAX_AHEAD_MS}. */
  readonly maxAheadMs?: number;
  /** Groups or rows that one step may hold. Default of the engine. */
  readonly maxGroups?: number;
  /** Whether snapshots hold the newest results; false where nobody looks at them. Default true. */
  readonly showsResults?: boolean;
  /** Default {@link CHECKPOINT_EVERY_MS}. */
  readonly checkpointEveryMs?: number;
  /** How long a broker that is gone is waited for. Default {@link RECONNECT_MS}. */
  readonly reconnectMs?: number;
  /** Silence after which the group takes the partitions of a worker that died. Default {@link SESSION_TIMEOUT_MS}. */
  readonly sessionTimeoutMs?: number;
  /** Folder for copies of states on this machine, absolute: a restart reads them there where it can. Default: none. */
  readonly stateFolder?: string;
  readonly listener?: RunListener;
}

/** One row of the year 2060 must not close the windows of all others. */
export const MAX_AHEAD_MS = 86_400_000;
/** How often offsets and state are committed while rows come. */
export const CHECKPOINT_EVERY_MS = 5_000;
/** How soon they are when readers wait for results of a transaction. */
export const RESULTS_WAIT_MS = 1_000;
/** How soon another worker takes over after one died without a word. */
export const SESSION_TIMEOUT_MS = 10_000;
/** How long a broker that is gone is waited for before the run ends with its error. */
export const RECONNECT_MS = 60_000;
/** A status record that is older tells of a run that died without a word. */
export const STATUS_STALE_MS = 10_000;
