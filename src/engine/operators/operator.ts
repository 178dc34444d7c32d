import type { Share } from '../exchange/share.js';
import type { StepCounts } from '../outputs.js';
import type { Receiver } from '../rows.js';
import type { StateReader } from '../state/state-reader.js';
import type { StateWriter } from '../state/state-writer.js';

/** A step of a plan at work. */
export interface Operator extends Receiver {
  readonly counts: StepCounts;
  /** Groups and windows in memory. */
  held(): { readonly groups: number; readonly windows: number };
  /** Writes all state; {@link Operator.load} reads it into a fresh operator. */
  save(writer: StateWriter): void;
  /** Adds to what was loaded before. @param share groups to keep; only where groups can be shared out. */
  load(reader: StateReader, share?: Share): void;
}

/** What a step without state answers. */
export const NOTHING_HELD = { groups: 0, windows: 0 } as const;
