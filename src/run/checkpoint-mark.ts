import type { StateMark } from './state-topic.js';

/** What is stored beside the committed offsets of a run. */
export interface CheckpointMark {
  /** Undefined: there was no state yet. */
  readonly state: StateMark | undefined;
  /**
   * A bounded run read everything and gave out the windows that were open. They are kept in the state, so that a next
   * run with more rows completes them; without more rows they are not given out again.
   */
  readonly closedAtEof: boolean;
}

const MARK_VERSION = 1;

/** The text that goes into the metadata of a commit: below the 4,096 bytes that Kafka takes. */
export function encodeMark(mark: CheckpointMark): string {
  return JSON.stringify({ streamctl: MARK_VERSION, eof: mark.closedAtEof, state: mark.state });
}

/** Undefined for text that somebody else wrote: `groups seek` and other tools leave none. */
export function decodeMark(text: string | undefined): CheckpointMark | undefined {
  if (text === undefined || !text.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(text) as { streamctl?: unknown; eof?: unknown; state?: StateMark };
    if (parsed.streamctl !== MARK_VERSION) return undefined;
    return { state: parsed.state, closedAtEof: parsed.eof === true };
  } catch {
    return undefined;
  }
}
