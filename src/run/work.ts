import type { Fetcher } from '../connect/kafka/contracts.js';
import type { FetchedRecords, TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import type { ReferenceRows } from '../engine/job.js';
import type { Connection } from './connection.js';
import type { PipelineRunOptions } from './interfaces.js';
import type { LocalState } from './local-state.js';
import type { JobMaker } from './plan-parts.js';
import type { Report } from './report.js';
import type { Beginning } from './snapshot-file.js';
import type { TaskParts } from './task.js';

/** What work is made of. */
export interface WorkParts {
  readonly options: PipelineRunOptions;
  readonly connection: Connection;
  readonly report: Report;
  readonly fetcher: Fetcher;
  readonly sources: TaskParts['sources'];
  readonly jobs: JobMaker;
  readonly local: LocalState | undefined;
  /** Tells this plan with its parameters from others, see fingerprintOf of plan-parts.ts. */
  readonly fingerprint: string;
  /** Ends of a bounded run, by keyOf of idle-watch.ts; filled for the partitions asked for. */
  readonly ends: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number> | undefined>;
  /** Every partition of every source. */
  readonly allPartitions: () => Promise<readonly TopicPartition[]>;
  /** State of former runs is to be forgotten. */
  readonly resetState: boolean;
  /** What the run is to begin from, in place of a checkpoint. */
  readonly beginning: Beginning | undefined;
  /** Whether this run has worked in the group before. */
  readonly isKnown: boolean;
}

/** What a worker does between two rebalances: all of a pipeline alone, or its share of it. */
export interface Work {
  /** Whether there is anything that the next checkpoint would save. */
  readonly changed: boolean;
  /** Whether somebody waits for what the next checkpoint makes visible. */
  readonly gaveOut: boolean;
  /** Whether a bounded run has read all its partitions, so that {@link finish} is to be called. */
  readonly finished: boolean;
  /** Whether it wants no more records at the moment. */
  readonly full: boolean;
  /** It has done what another kind of work waits for: what is assigned should be begun anew. */
  readonly over: boolean;
  /** Takes fetched records; those of a partition that was taken away meanwhile are left. */
  take(records: FetchedRecords): Promise<void>;
  /** Does what time alone brings about: partitions become idle, reach their end, windows close. */
  lookAtTime(): Promise<void>;
  /** Newer editions of tables: rows that come from now on are looked up in them. */
  takeTables(editions: ReadonlyMap<string, ReferenceRows>): void;
  /** Makes what was done so far durable. @throws `conflict` when another worker has the partitions now. */
  save(): Promise<void>;
  /** The end of a bounded run: gives out what is open. False: others are not as far yet, ask again. */
  finish(): Promise<boolean>;
  /** The end at the owner's wish: open windows stay open for the next run; where there can be none they are given out. */
  stop(): Promise<void>;
  /** Where a next run goes on. */
  positions(): readonly TopicPartitionOffset[];
  /** Records not read yet, by topic; null for a topic of which a partition has not answered yet. */
  lags(): ReadonlyMap<string, number | null>;
  pause(): void;
  resume(): void;
  /** Lets go of the partitions, after everything that was appended is written. */
  close(): Promise<void>;
  /** Lets go of everything; what was not saved will be made again from the last checkpoint. */
  abandon(): Promise<void>;
}
