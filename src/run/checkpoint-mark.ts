import type { StateMark } from './state-topic.js';

/** Largest event time of a partition per source, where rows have come. */
export type Newest = Readonly<Record<string, number>>;

/** Stored beside the committed offsets of a run: what state belongs to them. */
export type CheckpointMark =
  /** One worker did everything: sources, and exchanges that were empty. */
  | {
      readonly kind: 'whole';
      /** Undefined: there was no state yet. */
      readonly state: StateMark | undefined;
      /**
       * A bounded run read everything and gave out the windows that were open. They are kept in the state, so that a next
       * run with more rows completes them; without more rows they are not given out again.
       */
      readonly closedAtEof: boolean;
      readonly newest: Newest;
    }
  /** A source, read by one of several workers: what came of its rows is in the exchanges. */
  | {
      readonly kind: 'first';
      readonly newest: Newest;
      /** State of the one worker before, for shares of steps that have none of their own yet. */
      readonly base: StateMark | undefined;
    }
  /** An exchange: state of one share of the steps behind it. */
  | {
      readonly kind: 'second';
      readonly state: StateMark | undefined;
      readonly closedAtEof: boolean;
      /** Shares that there were. */
      readonly shares: number;
    };

const MARK_VERSION = 2;

/** The text that goes into the metadata of a commit: below the 4,096 bytes that Kafka takes. */
export function encodeMark(mark: CheckpointMark): string {
  return JSON.stringify({ streamctl: MARK_VERSION, ...mark });
}

/** Undefined for text that somebody else wrote: `groups seek` and other tools leave none. */
export function decodeMark(text: string | undefined): CheckpointMark | undefined {
  if (text === undefined || !text.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(text) as { streamctl?: unknown } & CheckpointMark;
    return parsed.streamctl === MARK_VERSION ? parsed : undefined;
  } catch {
    return undefined;
  }
}
