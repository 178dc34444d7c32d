import { fromUtf8, utf8 } from '../../base/bytes.js';
import type { FileSystem } from '../../base/files.js';
import { framePayload, payloadFraming } from '../../storage/framed-log.js';

/** One compaction: everything before `end` was compacted at `atMs`. */
interface Pass {
  readonly end: number;
  readonly atMs: number;
}

/** Compactions that are remembered; older ones are merged, which only keeps tombstones a little longer. */
const PASSES_MAX = 64;

const NAME = 'cleaned';

/** How far a partition was compacted, and when: a tombstone goes some time after the first compaction that saw it. */
export interface CleaningState {
  /** Offsets before it were compacted at least once. */
  readonly cleanedTo: number;
  readonly passes: readonly Pass[];
}

/** Reads the state in a partition's folder; a lost one costs a compaction from the start. */
export function loadCleaning(files: FileSystem, folder: string): CleaningState {
  const path = `${folder}/${NAME}`;
  const bytes = files.exists(path) ? files.readFile(path) : new Uint8Array(0);
  const frame = bytes.length > payloadFraming.headBytes ? payloadFraming.head(bytes, 0) : undefined;
  if (frame?.size !== bytes.length || !payloadFraming.whole(bytes, 0, frame)) return { cleanedTo: 0, passes: [] };
  return JSON.parse(fromUtf8(bytes.subarray(payloadFraming.headBytes))) as CleaningState;
}

/** Writes the state. @throws `disk-failed` */
export function storeCleaning(files: FileSystem, folder: string, state: CleaningState): void {
  files.replaceFile(`${folder}/${NAME}`, framePayload(utf8(JSON.stringify(state))));
}

/** The state after a compaction up to `end`. */
export function afterPass(state: CleaningState, end: number, atMs: number): CleaningState {
  const passes = [...state.passes, { end, atMs }].slice(-PASSES_MAX);
  return { cleanedTo: Math.max(state.cleanedTo, end), passes };
}

/** Tombstones before this offset were seen by a compaction before `timeMs` and may go. */
export function tombstonesBefore(state: CleaningState, timeMs: number): number {
  let before = 0;
  for (const { end, atMs } of state.passes) if (atMs <= timeMs) before = Math.max(before, end);
  return before;
}
