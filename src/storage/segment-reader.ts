import type { ArrayPool } from '../base/array-pool.js';
import { unclearedBytes } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { Frame, Framing } from './framing.js';
import type { HandleCache } from './handle-cache.js';
import { type FrameVisitor, scanFrames } from './scan.js';
import { loadIndex, type Segment } from './segment.js';
import type { SparseIndex } from './sparse-index.js';

/** Where reads ended: the next read of the same reader begins without a search. */
const READ_HINTS_MAX = 64;

/** Bytes of consecutive whole frames. */
export interface Slice {
  readonly bytes: Uint8Array;
  /** Offset behind the last frame. */
  readonly next: number;
}

/** What a reader reads: the segments of a log that goes on being written. */
export interface ReaderSources {
  readonly files: FileSystem;
  readonly handles: HandleCache;
  readonly framing: Framing;
  /** Oldest first; the last one is being written. */
  readonly segments: readonly Segment[];
  /** Whether offsets may be missing between frames. */
  gaps(): boolean;
  /** Open file of the last segment, when it is open. */
  written(): FileHandle | undefined;
}

const NOTHING = new Uint8Array(0);

/** Reads frames of a segmented log by offset or time. */
export class SegmentReader {
  readonly #sources: ReaderSources;
  readonly #hints = new Map<number, { readonly segment: Segment; readonly position: number }>();

  constructor(sources: ReaderSources) {
    this.#sources = sources;
  }

  /**
   * Whole frames from the one that holds `from`, in one read: at most `maxBytes` (the first frame may be larger when
   * `atLeastOne`), none that begins at `limit` or later, all in one segment.
   * @param arrays where a large array is taken from; what comes back of it in the slice is the caller's to give back.
   * @throws `log-corrupt` when the frames do not follow each other.
   */
  read(from: number, maxBytes: number, limit: number, atLeastOne: boolean, arrays?: ArrayPool): Slice {
    const found = from < limit ? this.#locate(from) : undefined;
    if (!found) return { bytes: NOTHING, next: from };
    const { segment, position } = found;
    const framing = this.#sources.framing;
    const file = this.#handleOf(segment);
    const take = (size: number): Uint8Array => arrays?.take(size) ?? unclearedBytes(size);
    let bytes = take(Math.min(Math.max(maxBytes, framing.headBytes), segment.size - position));
    if (file.read(bytes, position) < bytes.length) throw unreadable(segment, position);
    let end = 0;
    let next = from;
    while (end + framing.headBytes <= bytes.length) {
      const frame = framing.head(bytes, end);
      if (!frame || !this.#follows(frame, next, end === 0, segment)) throw unreadable(segment, position + end);
      if (frame.first >= limit) break;
      if (end + frame.size > bytes.length || end + frame.size > maxBytes) {
        if (end > 0 || !atLeastOne) break;
        arrays?.give(bytes);
        bytes = take(frame.size);
        if (file.read(bytes, position) < frame.size) throw unreadable(segment, position);
        end = frame.size;
        next = frame.last + 1;
        break;
      }
      end += frame.size;
      next = frame.last + 1;
    }
    if (end === 0) {
      arrays?.give(bytes);
      return { bytes: NOTHING, next };
    }
    this.#hint(next, segment, position + end);
    return { bytes: end === bytes.length ? bytes : bytes.subarray(0, end), next };
  }

  /**
   * Walks the frames from the one that holds `from` until `visit` returns false or `limit` is reached.
   * @throws `log-corrupt`
   */
  walk(from: number, limit: number, visit: FrameVisitor): void {
    let next = Math.max(from, this.#sources.segments[0]?.base ?? 0);
    const end = Math.min(limit, this.#sources.segments.at(-1)?.next ?? 0);
    let going = true;
    while (going && next < end) {
      const found = this.#locate(next);
      if (!found) return;
      const { segment, position } = found;
      const result = scanFrames(
        this.#handleOf(segment),
        this.#sources.framing,
        { from: position, to: segment.size, next: 0, gaps: true, checksums: false },
        (bytes, at, frame, place) => {
          if (frame.first < limit && visit(bytes, at, frame, place) !== false) return undefined;
          going = false;
          return false;
        },
      );
      if (result.damage) throw unreadable(segment, result.end);
      next = Math.max(result.next, segment.next);
    }
  }

  /** First offset of a frame at or before the first one whose latest time is `timestamp` or later; the end when none is. */
  offsetBefore(timestamp: number): number {
    const segment = this.#sources.segments.find((candidate) => candidate.maxTimestamp >= timestamp);
    if (!segment) return this.#sources.segments.at(-1)?.next ?? 0;
    const position = this.#indexOf(segment).positionAt(timestamp);
    let first = segment.base;
    const range = { from: position, to: segment.size, next: 0, gaps: true, checksums: false };
    scanFrames(this.#handleOf(segment), this.#sources.framing, range, (_bytes, _at, frame) => {
      first = frame.first;
      return false;
    });
    return first;
  }

  /** Forgets a segment that is being removed or replaced. */
  forget(segment: Segment): void {
    this.#sources.handles.drop(segment.path);
    for (const [offset, hint] of this.#hints) if (hint.segment === segment) this.#hints.delete(offset);
  }

  #follows(frame: Frame, next: number, first: boolean, segment: Segment): boolean {
    if (frame.last >= segment.next) return false;
    if (first) return this.#sources.gaps() ? frame.last >= next : frame.first <= next && frame.last >= next;
    return this.#sources.gaps() ? frame.first >= next : frame.first === next;
  }

  /** Segment and position of the frame that holds `offset`, or of the next one where offsets are missing. */
  #locate(offset: number): { segment: Segment; position: number } | undefined {
    const hint = this.#hints.get(offset);
    if (hint && hint.position < hint.segment.size) return hint;
    const { segments } = this.#sources;
    let segment: Segment | undefined;
    for (let i = segments.length - 1; i >= 0 && segments[i]!.next > offset; i--) {
      // Compaction may have left nothing of a segment.
      if (segments[i]!.size > 0) segment = segments[i]!;
    }
    if (!segment) return undefined;
    let position = -1;
    const from = this.#indexOf(segment).positionOf(offset);
    const range = { from, to: segment.size, next: 0, gaps: true, checksums: false };
    const result = scanFrames(this.#handleOf(segment), this.#sources.framing, range, (_bytes, _at, frame, place) => {
      if (frame.last < offset) return undefined;
      position = place;
      return false;
    });
    if (position < 0) throw unreadable(segment, result.end);
    return { segment, position };
  }

  #hint(next: number, segment: Segment, position: number): void {
    this.#hints.delete(next);
    this.#hints.set(next, { segment, position });
    if (this.#hints.size > READ_HINTS_MAX) this.#hints.delete(this.#hints.keys().next().value!);
  }

  #indexOf(segment: Segment): SparseIndex {
    const { files, handles, framing, segments } = this.#sources;
    if (!segment.index) {
      // One closed segment's index at a time is kept: readers of old data go through it once.
      for (const other of segments) if (other !== segments.at(-1)) other.index = undefined;
    }
    return loadIndex(files, handles, framing, segment, this.#sources.gaps());
  }

  #handleOf(segment: Segment): FileHandle {
    if (segment !== this.#sources.segments.at(-1)) return this.#sources.handles.get(segment.path);
    return this.#sources.written() ?? this.#sources.handles.get(segment.path);
  }
}

function unreadable(segment: Segment, position: number): StreamctlError {
  return new StreamctlError('log-corrupt', `${segment.path} is damaged at byte ${position}`, {
    hint: 'streamctl broker start --repair keeps what is whole and sets the rest aside',
  });
}
