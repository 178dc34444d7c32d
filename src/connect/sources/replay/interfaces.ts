import type { Pacing } from './pace.js';

/** What a record's timestamp is: the time of sending, the row's event time, or the event time moved so that the first is now. */
export type ReplayTimestamps = 'now' | 'event' | 'moved';

/** A replay of one file into one topic. */
export interface ReplayOptions {
  readonly topic: string;
  readonly lotsTopic: string;
  /** Where bad rows go under that policy. */
  readonly quarantineTopic: string;
  /** Name of the file in headers and lots: its base name. */
  readonly source: string;
  /** Rows of a lot. */
  readonly batch: number;
  readonly pacing: Pacing;
  readonly timestamps: ReplayTimestamps;
  /** First row to send, from 1. */
  readonly from: number;
  /** Rows to send in all. */
  readonly limit: number;
  /** How often the file is read. */
  readonly loops: number;
  readonly resume: boolean;
  /** With resume, where the topic does not say who wrote the rows: how long nothing must have come to it. Default 1.5 s. */
  readonly quietMs?: number;
  /** With resume: under a new producer id, whoever wrote what is there. */
  readonly anew?: boolean;
  /** Giving up on a broker that is gone. Default 30 s. */
  readonly deliveryTimeoutMs?: number;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Ends the replay in order: what was begun is sent, nothing more. */
  readonly signal?: AbortSignal;
  /** Told once when the broker cannot be reached and is tried again. */
  readonly onTrouble?: (error: Error) => void;
  readonly onLot?: (lot: LotProgress) => void;
}

/** A lot that was handed to the producer. */
export interface LotProgress {
  readonly lot: number;
  /** Rows of this lot, and how many of them were there before (with resume). */
  readonly rows: number;
  readonly alreadyThere: number;
  /** Rows handed over, and rows acknowledged, in all. */
  readonly sentRows: number;
  readonly acknowledgedRows: number;
  readonly badRows: number;
  /** How long until the next lot is due. */
  readonly nextInMs: number;
}

/** Offsets that a replay wrote in one partition. */
export interface WrittenRange {
  readonly partition: number;
  readonly firstOffset: number;
  /** Of the last acknowledged record. */
  readonly lastOffset: number;
  readonly records: number;
}

/** What a replay did. */
export interface ReplayReport {
  readonly topic: string;
  readonly source: string;
  /** Acknowledged records. */
  readonly rows: number;
  readonly lots: number;
  /** Number in the file of the last row whose lot is acknowledged as a whole; 0 for none, or where rows have an order of their own. */
  readonly lastRow: number;
  readonly badRows: number;
  readonly badReasons: readonly string[];
  /** Rows that were in the topic already, with resume. */
  readonly alreadyThere: number;
  readonly partitions: readonly WrittenRange[];
  readonly elapsedMs: number;
  /** Ended by the signal before the file was through. */
  readonly interrupted: boolean;
  readonly remarks: readonly string[];
}
