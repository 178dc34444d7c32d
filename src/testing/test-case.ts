import type { Value } from '../base/row-batch.js';
import type { CloseReason, ReferenceRows } from '../engine/job.js';
import type { Plan } from '../plan/plan.js';

/** Values by the names of their columns. */
export type RowValues = Readonly<Record<string, Value>>;

/** A record that a case feeds. */
export interface FedRecord {
  /** Name of the source. */
  readonly source: string;
  /** The bytes as text: a JSON object, or what the case has in place of one. */
  readonly text: string;
  /** What the text says when it is a JSON object, to show and to compare; null when it is none. */
  readonly values: RowValues | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Record key; null for none. */
  readonly key: string | null;
  /** Record timestamp, epoch ms; undefined: the virtual time at which it is fed. */
  readonly timestampMs: number | undefined;
  /** Undefined where it may be in any. */
  readonly partition: number | undefined;
}

/** Feeds rows of one source. */
export interface FeedStep {
  readonly kind: 'feed';
  readonly line: number;
  readonly source: string;
  readonly records: readonly FedRecord[];
  /** Offset of the first record in its partition; undefined: after the one before. */
  readonly offset: number | undefined;
}

/** Lets virtual time pass. */
export interface AdvanceStep {
  readonly kind: 'advance';
  readonly line: number;
  readonly durationMs: number;
}

/** A partition (all where it is undefined) that is silent, or from which no more rows come. */
export interface SilenceStep {
  readonly kind: 'idle' | 'end';
  readonly line: number;
  /** Undefined: every source. */
  readonly source: string | undefined;
  readonly partition: number | undefined;
}

/** Saves the state; or throws the engine away and goes on from the state that was saved last. */
export interface CrashStep {
  readonly kind: 'checkpoint' | 'crash';
  readonly line: number;
}

/** Gives a reference table other rows. */
export interface TableStep {
  readonly kind: 'table';
  readonly line: number;
  readonly table: string;
  readonly edition: ReferenceRows;
}

/** A row that is expected of a sink. */
export interface ExpectedRow {
  readonly values: RowValues;
  /** The key has no row any more. */
  readonly deleted: boolean;
}

/** Where the rows of an expectation stand in the file, for `--update`. */
export interface RowsPlace {
  /** The list in the text, from its first character to one past its last; null where there is none yet. */
  readonly range: readonly [start: number, end: number] | null;
  /** Every item of the list, likewise. */
  readonly items: readonly (readonly [start: number, end: number])[];
  /** `[...]`, or one `- ` per line. */
  readonly flow: boolean;
  /** Whether the step is written in braces. */
  readonly inBraces: boolean;
  /** Column (from 0) of the keys of the step. */
  readonly indent: number;
  /** One past the last character of the step. */
  readonly stepEnd: number;
}

/** How rows are compared: the same in the same order; the same in any order; among those received. */
export type Match = 'exact' | 'unordered' | 'contains';

/** Rows that came out of a sink since the last look at it; or what is true there now. */
export interface ExpectRows {
  readonly kind: 'rows' | 'state';
  readonly line: number;
  readonly sink: string;
  /** Undefined: to be filled in by `--update`. */
  readonly rows: readonly ExpectedRow[] | undefined;
  readonly match: Match;
  /** Columns that are compared; undefined: all of the sink, or with `contains` those that a row names. */
  readonly columns: readonly string[] | undefined;
  /** Why all of them came out; undefined: not compared. */
  readonly reason: CloseReason | undefined;
  readonly place: RowsPlace;
}

/** A row that is expected to be set aside. */
export interface ExpectedAside {
  /** Part of the reason; undefined: any. */
  readonly reason: string | undefined;
  /** Values that the row has among others, or the text of the record; undefined: any. */
  readonly row: RowValues | string | undefined;
}

/** Late or rejected rows since the last look, in any order. */
export interface ExpectAside {
  readonly kind: 'late' | 'rejected';
  readonly line: number;
  /** Undefined: to be filled in by `--update`. */
  readonly rows: readonly ExpectedAside[] | undefined;
  readonly place: RowsPlace;
}

/** Nothing came out of a sink (of any, and no late or rejected rows, where it is undefined) since the last look. */
export interface ExpectNothing {
  readonly kind: 'nothing';
  readonly line: number;
  readonly sink: string | undefined;
}

/** The watermark of the pipeline. */
export interface ExpectWatermark {
  readonly kind: 'watermark';
  readonly line: number;
  /** -Infinity: nothing is known yet. Infinity: everything has ended. */
  readonly watermarkMs: number;
  /** The value in the text. */
  readonly range: readonly [start: number, end: number];
}

/** What a case looks at. */
export type Expectation = ExpectRows | ExpectAside | ExpectNothing | ExpectWatermark;
export type TestStep = FeedStep | AdvanceStep | SilenceStep | CrashStep | TableStep | Expectation;

/** One case of a test file, checked against its pipeline. */
export interface TestCase {
  readonly name: string;
  readonly line: number;
  readonly plan: Plan;
  readonly parameters: RowValues;
  readonly tables: Readonly<Record<string, ReferenceRows>>;
  /** Virtual time at which it begins, epoch ms. */
  readonly nowMs: number;
  /** Whether the case says so itself: then rows too far ahead of it are rejected, as in a run. */
  readonly hasNow: boolean;
  /** How far rows may be moved against each other; undefined: the lateness of each source. */
  readonly disorderMs: number | undefined;
  /** Whether rows may come in other orders. */
  readonly anyOrder: boolean;
  /** Numbers of partitions to try, first the one that expectations are held against. */
  readonly partitions: readonly number[];
  /** Whether seeds crash the engine at a row of their choice. */
  readonly crashes: boolean;
  readonly steps: readonly TestStep[];
}

/** The cases of one file. */
export interface TestFile {
  /** As it was named. */
  readonly path: string;
  readonly text: string;
  readonly cases: readonly TestCase[];
}

/** Whether a step looks at what came out. */
export function isExpectation(step: TestStep): step is Expectation {
  return ['rows', 'state', 'late', 'rejected', 'nothing', 'watermark'].includes(step.kind);
}

/** Whether the case itself says which partition rows are in: then it is not tried over others. */
export function hasOwnPartitions(steps: readonly TestStep[]): boolean {
  return steps.some((step) => {
    if (step.kind === 'feed') return step.offset !== undefined || step.records.some((r) => r.partition !== undefined);
    return (step.kind === 'idle' || step.kind === 'end') && step.partition !== undefined;
  });
}
