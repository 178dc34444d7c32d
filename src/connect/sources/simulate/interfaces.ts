import type { Random } from '../../../base/random.js';
import type { JsonValue } from '../../../base/row-batch.js';

/** Members of a record's JSON object, in the order of the real source. */
export type Fields = Readonly<Record<string, JsonValue>>;

/** A row as it is before anything happens to it: the truth. */
export interface SimulatedRow {
  /** When it happened, epoch ms. */
  readonly eventMs: number;
  /** How long after that its source tells of it; 0 when absent. */
  readonly delayMs?: number;
  /** Record key, as the real source gives it. */
  readonly key: string | null;
  /** What it is about, to count by: a manufacturer, a brand, a city, a site, a symbol, a station. */
  readonly subject: string;
  readonly fields: Fields;
}

/** A mistake that real sources are known to make. */
export interface Anomaly {
  /** Two or three words: `price of zero`. */
  readonly name: string;
  /** The fields with the mistake in them, or the text of a record that is no JSON object. */
  spoil(fields: Fields, random: Random): Fields | string;
}

/** Where and how densely rows begin. */
export interface Scene {
  readonly random: Random;
  /** Event time of the beginning, epoch ms. */
  readonly startMs: number;
  /** Rows per second of event time, on average over the busy hours. */
  readonly perSecond: number;
}

/** A plausible source of one pipeline. */
export interface Simulator {
  /** The pipeline whose source topic takes the rows. */
  readonly name: string;
  /** Density of a source of the usual size. */
  readonly perSecond: number;
  /** Density beyond which it would need too much memory; none when absent. */
  readonly maxPerSecond?: number;
  /** Event time against the clock, where nobody says it. */
  readonly speed: number;
  /** Rows of an archive: records are stamped when they are sent, not when it happened. */
  readonly isArchive?: true;
  /** Event time that a sample covers. */
  readonly sampleMs: number;
  /** A beginning at or before `nowMs` from which on something happens, for a pace faster than the clock. */
  beginning(nowMs: number): number;
  readonly anomalies: readonly Anomaly[];
  /** Clean rows for ever, in the order of their event times. */
  rows(scene: Scene): Generator<SimulatedRow, never>;
}
