import { fromUtf8, utf8 } from '../../../base/bytes.js';
import type { FileSystem } from '../../../base/files.js';
import type { ChangeTracker } from './change-tracker.js';
import type { Validator } from './validators.js';

const VERSION = 1;
/** The file is written again when so large a share of it has changed: then its cost per change stays the same. */
const SAVE_SHARE = 0.05;

/** What a poll keeps beside its topic. All of it can be lost: the topic has the items, the API the rest. */
export interface SavedPoll {
  readonly version: number;
  readonly pollId: string;
  readonly topic: string;
  /** Of the broker; another topic of the same name has another one. */
  readonly topicId: string;
  /** Of the definition: what would be compared in another way is not comparable. */
  readonly fingerprint: string;
  /** Per partition: what is known covers the poll's records before this offset. */
  readonly offsets: readonly number[];
  readonly validators: Readonly<Record<string, Validator>>;
  /** Hosts that asked to be left alone, until when, epoch ms. */
  readonly holds: Readonly<Record<string, number>>;
  /** Identity, event time (null for none) and hash of each thing. */
  readonly entries: readonly (readonly [identity: string, timeMs: number | null, hash: string])[];
}

/** What a saved state must be of to be used. */
export type SavedFor = Pick<SavedPoll, 'pollId' | 'topic' | 'topicId' | 'fingerprint'>;

/** Reads a state; undefined where there is none that fits, or it is damaged. */
export function loadPoll(files: FileSystem, path: string, wanted: SavedFor): SavedPoll | undefined {
  if (!files.exists(path)) return undefined;
  let saved: SavedPoll;
  try {
    saved = JSON.parse(fromUtf8(files.readFile(path))) as SavedPoll;
  } catch {
    return undefined;
  }
  const fits =
    saved.version === VERSION &&
    saved.pollId === wanted.pollId &&
    saved.topic === wanted.topic &&
    saved.topicId === wanted.topicId &&
    saved.fingerprint === wanted.fingerprint &&
    Array.isArray(saved.offsets) &&
    Array.isArray(saved.entries);
  return fits ? saved : undefined;
}

/** Puts a saved state's items back. */
export function restoreEntries(saved: SavedPoll, tracker: ChangeTracker): void {
  for (const [identity, timeMs, hash] of saved.entries) {
    tracker.restoreEntry(identity, { timeMs: timeMs ?? Number.NaN, hash });
  }
}

/** Whether enough has changed to be worth writing. */
export function isWorthSaving(tracker: ChangeTracker): boolean {
  return tracker.changes > tracker.size * SAVE_SHARE;
}

/** Writes a state: the old file or the new one is there, whatever happens. @throws `disk-failed` */
export function savePoll(
  files: FileSystem,
  path: string,
  state: SavedFor & Pick<SavedPoll, 'offsets' | 'validators' | 'holds'>,
  tracker: ChangeTracker,
): void {
  const entries = [...tracker.entries()].map(
    ([identity, { timeMs, hash }]) => [identity, Number.isNaN(timeMs) ? null : timeMs, hash] as const,
  );
  const saved: SavedPoll = { version: VERSION, ...state, entries };
  files.replaceFile(path, utf8(JSON.stringify(saved)));
  tracker.markSaved();
}
