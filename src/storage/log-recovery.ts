import { StreamctlError } from '../base/errors.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { Framing } from './framing.js';
import { type RecoveryPoint, readRecoveryPoint } from './recovery-point.js';
import { type Damage, findFrame, type ScanResult, scanFrames } from './scan.js';
import { adoptIndex, emptySegment, type Segment, segmentBases } from './segment.js';
import { resumeSwap } from './segment-replacement.js';
import { SparseIndex } from './sparse-index.js';

/** Name of the recovery point beside the segments. */
export const RECOVERY_POINT_NAME = 'recovery-point';

/** A mark left by compaction: offsets may be missing between frames of this folder. */
export const GAPS_NAME = 'compacted';

/** What recovery had to do to one log. */
export interface Repair {
  readonly path: string;
  /** Byte position where the file was cut. */
  readonly position: number;
  /** Bytes cut off. */
  readonly bytes: number;
  readonly damage: Damage;
  /** Where the bytes cut off were kept; undefined for a torn tail that nobody was told of. */
  readonly kept?: string;
}

/** What recovery needs to know. */
export interface RecoveryOptions {
  readonly files: FileSystem;
  readonly folder: string;
  readonly framing: Framing;
  /** Cuts damage off even where acknowledged data is lost, and keeps the bytes beside the log. */
  readonly repair: boolean;
}

export interface Recovered {
  readonly segments: Segment[];
  readonly repairs: readonly Repair[];
  readonly gaps: boolean;
}

/** How far behind damage a whole frame is looked for. */
const FIND_BYTES_MAX = 64 << 20;

/**
 * Reads the segments of a folder after whatever happened to it. Segments that were synced as a whole are trusted or
 * re-indexed; those written last are scanned with checksums. A torn tail is cut and reported.
 * @throws `log-corrupt` when something that may have been acknowledged is damaged.
 */
export function recoverSegments(options: RecoveryOptions): Recovered {
  const { files, folder } = options;
  resumeSwap(files, folder);
  const gaps = files.exists(`${folder}/${GAPS_NAME}`);
  const segments = segmentBases(files, folder).map((base) => emptySegment(folder, base));
  const point = readRecoveryPoint(files, `${folder}/${RECOVERY_POINT_NAME}`);
  const repairs: Repair[] = [];
  const last = segments.at(-1);
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    const follower = segments[i + 1];
    const repair = recoverSegment(options, segment, { point, gaps, last: segment === last });
    if (repair) {
      repairs.push(repair);
      if (follower) repairs.push(...setAside(options, segments.splice(i + 1)));
      break;
    }
    if (follower && (gaps ? follower.base < segment.next : follower.base !== segment.next)) {
      if (!options.repair) {
        throw corrupt(`${folder} misses records`, `Offsets ${segment.next} to ${follower.base - 1} are gone.`);
      }
      repairs.push(...setAside(options, segments.splice(i + 1)));
      break;
    }
  }
  const end = segments.at(-1);
  // A point that knows a later segment is fine only when that one was empty: it was about to be made.
  const missing = point && point.base > (end?.base ?? -1) && (point.position > 0 || point.base !== (end?.next ?? 0));
  if (missing && !options.repair) {
    throw corrupt(`${folder} has lost its newest segment`, `It began with offset ${point.base}.`);
  }
  // What was cut off is not missed by the next start.
  if (options.repair && (missing || repairs.length > 0)) forgetPoint(files, folder);
  return { segments, repairs, gaps };
}

function forgetPoint(files: FileSystem, folder: string): void {
  files.remove(`${folder}/${RECOVERY_POINT_NAME}`);
  if (files.exists(folder)) files.syncFolder(folder);
}

interface Circumstances {
  readonly point: RecoveryPoint | undefined;
  readonly gaps: boolean;
  readonly last: boolean;
}

function recoverSegment(options: RecoveryOptions, segment: Segment, at: Circumstances): Repair | undefined {
  const { files, framing } = options;
  const file = files.open(segment.path, 'append');
  try {
    const size = file.size();
    if (syncedBytes(at.point, segment, size) === size && adoptIndex(files, segment, size)) {
      if (!at.last) segment.index = undefined;
      return undefined;
    }
    const index = new SparseIndex();
    const range = { from: 0, to: size, next: segment.base, gaps: at.gaps, checksums: true };
    const result = scanFrames(file, framing, range, (_bytes, _at, frame, position) => {
      index.add(frame.first, position, frame.maxTimestamp);
      return undefined;
    });
    segment.size = result.end;
    segment.next = result.next;
    segment.maxTimestamp = index.maxTimestamp;
    segment.index = index;
    const repair = judge(options, file, segment, { ...at, size, result });
    // What readers will see from now on must not go back, even when the power fails next.
    if (!repair && size > 0) file.syncNow();
    return repair;
  } finally {
    file.close();
  }
}

/** Decides between nothing to do, a torn tail to cut, and a refusal. */
function judge(
  options: RecoveryOptions,
  file: FileHandle,
  segment: Segment,
  found: Circumstances & { readonly size: number; readonly result: ScanResult },
): Repair | undefined {
  const { point, result, size } = found;
  const synced = syncedBytes(point, segment, size);
  const damage = result.damage ?? (result.end < synced ? 'torn' : undefined);
  if (damage === undefined) return undefined;
  const lost = result.end < synced || !found.last || (isSuspect(point) && hasMore(options, file, segment, size));
  if (lost && !options.repair) {
    throw corrupt(
      `${segment.path} is damaged at byte ${result.end} (offset ${result.next}): ${DAMAGE_TEXT[damage]}`,
      `${size - result.end} bytes behind it may hold acknowledged records.`,
    );
  }
  const repair = { path: segment.path, position: result.end, bytes: size - result.end, damage };
  const kept = lost && size > result.end ? keep(options.files, file, segment.path, result.end, size) : undefined;
  file.truncate(result.end);
  file.syncNow();
  return kept ? { ...repair, kept } : repair;
}

/** Bytes of a segment that are known to have been on the disk. */
function syncedBytes(point: RecoveryPoint | undefined, segment: Segment, size: number): number {
  if (!point || point.base < segment.base) return 0;
  return point.base > segment.base ? size : point.position;
}

/**
 * With `always`, whatever was acknowledged had been synced, so damage behind the point is a write that nobody was told
 * of, even when later ones reached the disk before it. Under the other policies acknowledgements came earlier.
 */
function isSuspect(point: RecoveryPoint | undefined): boolean {
  return point?.policy !== 'always';
}

function hasMore(options: RecoveryOptions, file: FileHandle, segment: Segment, size: number): boolean {
  const from = segment.size + 1;
  const to = Math.min(size, from + FIND_BYTES_MAX);
  return findFrame(file, options.framing, from, to, segment.next) >= 0;
}

/** Copies damaged bytes to a file of their own before they are cut off. */
function keep(files: FileSystem, file: FileHandle, path: string, from: number, to: number): string {
  const kept = `${path}.damaged-at-${from}`;
  files.remove(kept);
  const copy = files.open(kept, 'append');
  const piece = new Uint8Array(Math.min(1 << 20, to - from));
  for (let at = from; at < to; ) {
    const count = file.read(piece.subarray(0, Math.min(piece.length, to - at)), at);
    if (count === 0) break;
    copy.write([piece.subarray(0, count)], at - from);
    at += count;
  }
  copy.syncNow();
  copy.close();
  return kept;
}

/** Renames segments behind a cut, so that they are no longer part of the log. */
function setAside(options: RecoveryOptions, segments: readonly Segment[]): Repair[] {
  const repairs = segments.map((segment): Repair => {
    const kept = `${segment.path}.damaged-at-0`;
    const file = options.files.open(segment.path, 'read');
    const bytes = file.size();
    file.close();
    options.files.rename(segment.path, kept);
    return { path: segment.path, position: 0, bytes, damage: 'out-of-order', kept };
  });
  options.files.syncFolder(options.folder);
  return repairs;
}

const DAMAGE_TEXT: Readonly<Record<Damage, string>> = {
  torn: 'the file ends too early',
  malformed: 'no frame begins there',
  checksum: 'the checksum does not hold',
  'out-of-order': 'the offsets do not follow each other',
};

function corrupt(message: string, detail: string): StreamctlError {
  return new StreamctlError('log-corrupt', message, {
    detail,
    hint: 'streamctl broker start --repair keeps what is whole and sets the rest aside',
  });
}
