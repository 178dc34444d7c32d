import type { FileSystem } from '../base/files.js';
import type { Framing } from './framing.js';
import type { HandleCache } from './handle-cache.js';
import { scanFrames } from './scan.js';
import { SparseIndex } from './sparse-index.js';

const NAME_DIGITS = 20;
const LOG_NAME = /^(\d{20})\.log$/;

/** One file of a log: all frames from offset `base` to `next` - 1. */
export interface Segment {
  readonly base: number;
  /** Path of the `.log` file. */
  readonly path: string;
  /** Bytes of whole frames. */
  size: number;
  next: number;
  /** Latest event time, epoch ms; -1 when none. */
  maxTimestamp: number;
  /** Loaded when needed; always there for the segment being written. */
  index: SparseIndex | undefined;
}

/** `00000000000000001234` */
export function offsetName(offset: number): string {
  return String(offset).padStart(NAME_DIGITS, '0');
}

/** Base offsets of the segments in a folder, ascending. */
export function segmentBases(files: FileSystem, folder: string): number[] {
  const bases: number[] = [];
  for (const name of files.list(folder)) {
    const match = LOG_NAME.exec(name);
    if (match) bases.push(Number(match[1]));
  }
  return bases.sort((a, b) => a - b);
}

/** A segment that holds nothing yet. */
export function emptySegment(folder: string, base: number): Segment {
  const path = `${folder}/${offsetName(base)}.log`;
  return { base, path, size: 0, next: base, maxTimestamp: -1, index: new SparseIndex() };
}

/** Path of the index beside a segment. */
export function indexPath(segment: Segment): string {
  return `${segment.path.slice(0, -4)}.index`;
}

/** Writes the index file. It is not synced: a damaged one is rebuilt. @throws `disk-failed` */
export function writeIndex(files: FileSystem, segment: Segment): void {
  if (!segment.index) return;
  const path = indexPath(segment);
  files.remove(path);
  const file = files.open(path, 'append');
  try {
    file.write([segment.index.encode(segment)], 0);
  } finally {
    file.close();
  }
}

/** Takes size, next offset and latest time from the index file, when it is whole and covers the segment. */
export function adoptIndex(files: FileSystem, segment: Segment, size: number): boolean {
  const path = indexPath(segment);
  if (!files.exists(path)) return false;
  const bytes = files.readFile(path);
  const facts = SparseIndex.decodeFacts(bytes);
  const index = SparseIndex.decode(bytes);
  if (!facts || !index || facts.size !== size || facts.next < segment.base) return false;
  segment.size = facts.size;
  segment.next = facts.next;
  segment.maxTimestamp = facts.maxTimestamp;
  segment.index = index;
  return true;
}

/** The index of a segment: from memory, from its file, or rebuilt from the frames' heads. */
export function loadIndex(
  files: FileSystem,
  handles: HandleCache,
  framing: Framing,
  segment: Segment,
  gaps: boolean,
): SparseIndex {
  if (segment.index) return segment.index;
  const path = indexPath(segment);
  const bytes = files.exists(path) ? files.readFile(path) : undefined;
  const facts = bytes && SparseIndex.decodeFacts(bytes);
  const known = facts && facts.size === segment.size && facts.next === segment.next && SparseIndex.decode(bytes);
  if (known) {
    segment.index = known;
    return known;
  }
  const index = new SparseIndex();
  const range = { from: 0, to: segment.size, next: segment.base, gaps, checksums: false };
  scanFrames(handles.get(segment.path), framing, range, (_bytes, _at, frame, position) => {
    index.add(frame.first, position, frame.maxTimestamp);
    return undefined;
  });
  segment.index = index;
  return index;
}
