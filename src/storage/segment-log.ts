import type { ArrayPool } from '../base/array-pool.js';
import { assert } from '../base/assert.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { Clock } from '../base/time.js';
import type { Frame, Framing } from './framing.js';
import { GroupCommit, type SyncPolicy } from './group-commit.js';
import type { HandleCache } from './handle-cache.js';
import { GAPS_NAME, RECOVERY_POINT_NAME, type Repair, recoverSegments } from './log-recovery.js';
import { RecoveryPointFile } from './recovery-point.js';
import type { FrameVisitor } from './scan.js';
import { emptySegment, indexPath, type Segment, writeIndex } from './segment.js';
import { SegmentReader, type Slice } from './segment-reader.js';
import { SegmentReplacement } from './segment-replacement.js';

/** What a log is made with. */
export interface SegmentLogOptions {
  readonly files: FileSystem;
  readonly clock: Clock;
  /** Folder of this log alone; made with the first append. */
  readonly folder: string;
  /** Folders above it that are made with it, innermost first: their entries have to survive a power loss too. */
  readonly parents: readonly string[];
  readonly framing: Framing;
  readonly handles: HandleCache;
  readonly policy: SyncPolicy;
  /** A segment is closed before it would grow beyond this. */
  readonly segmentBytes: number;
  /** Everything before offset `end` is on the disk. */
  onDurable(end: number): void;
  /** The state of the disk is unknown: the process has to end. */
  onFatal(error: unknown): void;
  /** Cut off damage even where acknowledged records are lost. */
  readonly repair?: boolean;
}

interface Mark {
  readonly segment: Segment;
  readonly size: number;
  readonly end: number;
  readonly writtenBytes: number;
}

const NOTHING = new Uint8Array(0);

/**
 * An append-only log of frames with ascending offsets, in segments of bounded size, durable by group commit.
 * Writes and reads are synchronous (page cache); only the sync waits for the disk.
 */
export class SegmentLog {
  readonly #options: SegmentLogOptions;
  readonly #segments: Segment[];
  readonly #commit: GroupCommit<Mark>;
  readonly #reader: SegmentReader;
  /** What opening had to cut off. */
  readonly repairs: readonly Repair[];
  #gaps: boolean;
  #file: FileHandle | undefined;
  #point: RecoveryPointFile | undefined;
  #durableEnd: number;
  #firstWriteMs = -1;
  #writtenBytes = 0;
  #durableBytes = 0;
  #segmentBytes: number;
  /** Syncs of rolled segments under `never`, one after the other. */
  #rolled: Promise<void> = Promise.resolve();

  /**
   * Opens the log in `options.folder`; an absent folder is an empty log.
   * @throws `log-corrupt` `disk-failed`
   */
  constructor(options: SegmentLogOptions) {
    const { segments, repairs, gaps } = recoverSegments({ repair: false, ...options });
    this.#options = options;
    this.#segmentBytes = options.segmentBytes;
    this.#segments = segments;
    this.repairs = repairs;
    this.#gaps = gaps;
    this.#durableEnd = this.end;
    // When a segment found there was begun is not known: its age counts from here.
    if ((segments.at(-1)?.size ?? 0) > 0) this.#firstWriteMs = options.clock.now();
    this.#reader = new SegmentReader({
      files: options.files,
      handles: options.handles,
      framing: options.framing,
      segments,
      gaps: () => this.#gaps,
      written: () => this.#file,
    });
    this.#commit = new GroupCommit<Mark>({
      policy: options.policy,
      clock: options.clock,
      mark: () => ({ segment: this.#active, size: this.#active.size, end: this.end, writtenBytes: this.#writtenBytes }),
      sync: () => this.#file!.sync(),
      onDurable: (mark) => this.#onDurable(mark),
      onFatal: (error) => options.onFatal(error),
    });
  }

  /** First offset that is kept. */
  get start(): number {
    return this.#segments[0]?.base ?? 0;
  }

  /** Offset of the next frame. */
  get end(): number {
    return this.#segments.at(-1)?.next ?? 0;
  }

  /** Everything before this offset is on the disk. */
  get durableEnd(): number {
    return this.#durableEnd;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    let total = 0;
    for (const segment of this.#segments) total += segment.size;
    return total;
  }

  /** Bytes appended in this run. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes appended in this run that are on the disk. */
  get durableBytes(): number {
    return this.#durableBytes;
  }

  /** The segments, oldest first; the last one is being written. */
  get segments(): readonly Readonly<Segment>[] {
    return this.#segments;
  }

  /** Whether offsets may be missing between frames. */
  get gaps(): boolean {
    return this.#gaps;
  }

  /** Time of the first append to the current segment, or of the opening of one with frames, epoch ms; -1 when empty. */
  get firstWriteMs(): number {
    return this.#firstWriteMs;
  }

  set segmentBytes(bytes: number) {
    this.#segmentBytes = bytes;
  }

  get #active(): Segment {
    return this.#segments.at(-1)!;
  }

  /**
   * Writes one frame. Its bytes may come in several chunks; `frame.first` is {@link SegmentLog.end}, or larger where
   * gaps are allowed.
   * @throws `disk-failed` and then nothing was appended.
   */
  append(chunks: readonly Uint8Array[], frame: Frame): void {
    if (this.#segments.length === 0) this.#create(frame.first);
    const full = this.#active.size > 0 && this.#active.size + frame.size > this.#segmentBytes;
    if (full) this.roll();
    const active = this.#active;
    this.#openActive().write(chunks, active.size);
    if (this.#firstWriteMs < 0) this.#firstWriteMs = this.#options.clock.now();
    active.index!.add(frame.first, active.size, frame.maxTimestamp);
    active.maxTimestamp = active.index!.maxTimestamp;
    active.size += frame.size;
    active.next = frame.last + 1;
    this.#writtenBytes += frame.size;
    this.#commit.wrote();
  }

  /** Resolves when everything appended so far may be acknowledged under the sync policy. */
  durable(): Promise<void> {
    return this.#commit.durable();
  }

  /** Resolves when everything appended so far is on the disk. */
  flush(): Promise<void> {
    return this.#commit.flush();
  }

  /** See {@link SegmentReader.read}. @throws `log-corrupt` */
  read(from: number, maxBytes: number, limit: number, atLeastOne: boolean, arrays?: ArrayPool): Slice {
    return this.#reader.read(from, maxBytes, limit, atLeastOne, arrays);
  }

  /** See {@link SegmentReader.walk}. @throws `log-corrupt` */
  walk(from: number, limit: number, visit: FrameVisitor): void {
    this.#reader.walk(from, limit, visit);
  }

  /** See {@link SegmentReader.offsetBefore}. */
  offsetBefore(timestamp: number): number {
    return this.#reader.offsetBefore(timestamp);
  }

  /** Closes the current segment and begins the next. @throws `disk-failed` */
  roll(): void {
    const old = this.#active;
    if (old.size === 0) return;
    const { files, policy, folder } = this.#options;
    const oldFile = this.#openActive();
    if (policy !== 'never') this.#syncNow(oldFile);
    const next = emptySegment(folder, old.next);
    const file = files.open(next.path, 'append');
    try {
      if (policy !== 'never') files.syncFolder(folder);
    } catch (error) {
      file.close();
      throw error;
    }
    this.#segments.push(next);
    this.#file = file;
    this.#firstWriteMs = -1;
    if (policy !== 'never') {
      this.#commit.clean();
      this.#settle(old, next);
      void this.#commit.idle().then(() => oldFile.close());
      this.#advance(old.next, this.#writtenBytes);
    } else {
      this.#rolled = this.#rolled.then(() => this.#syncBehind(oldFile, old, next));
    }
  }

  /** Notes for later runs that offsets may be missing. @throws `disk-failed` */
  allowGaps(): void {
    if (this.#gaps) return;
    this.#options.files.replaceFile(`${this.#options.folder}/${GAPS_NAME}`, NOTHING);
    this.#gaps = true;
  }

  /** Begins a new file in place of closed neighbours, for compaction. @throws `disk-failed` */
  beginReplacement(replaced: readonly Segment[]): SegmentReplacement {
    assert(!replaced.includes(this.#active), 'the segment being written is never replaced');
    this.allowGaps();
    return new SegmentReplacement(this.#options.files, this.#options.folder, replaced);
  }

  /**
   * Puts a finished new file in the place of the segments it stands for.
   * @returns false when one of them was removed meanwhile; the file is thrown away then.
   * @throws `disk-failed`
   */
  async finishReplacement(replacement: SegmentReplacement): Promise<boolean> {
    const { replaced } = replacement;
    await replacement.sync();
    // A point on the disk that still names one of these segments would take the smaller file for a loss.
    await this.#rolled;
    this.#openActive();
    this.#point!.syncNow();
    const at = this.#segments.indexOf(replaced[0]!);
    if (at < 0 || replaced.some((segment, index) => this.#segments[at + index] !== segment)) {
      replacement.abandon();
      return false;
    }
    for (const segment of replaced) this.#reader.forget(segment);
    try {
      this.#segments.splice(at, replaced.length, replacement.swap());
    } catch (error) {
      // Some of the files may be others than those known here; a new start ends what the note says.
      if (replacement.begun) this.#options.onFatal(error);
      throw error;
    }
    return true;
  }

  /** Removes closed segments that end before or at `offset`. @returns how many. @throws `disk-failed` */
  dropBefore(offset: number): number {
    const { files, folder } = this.#options;
    let count = 0;
    while (this.#segments.length > 1 && this.#segments[0]!.next <= offset) {
      const segment = this.#segments[0]!;
      this.#reader.forget(segment);
      files.remove(segment.path);
      this.#segments.shift();
      files.remove(indexPath(segment));
      // Else a power loss may bring back this one and not the one behind it, which is a hole to the next start.
      files.syncFolder(folder);
      count++;
    }
    return count;
  }

  /** Syncs, writes the index and closes all files; opening again needs no scan. */
  async close(): Promise<void> {
    await this.#commit.flush();
    await this.#commit.idle();
    await this.#rolled;
    if (this.#file) {
      this.#settle(this.#active, this.#active);
      this.#point?.write({ base: this.#active.base, position: this.#active.size, policy: this.#options.policy });
    }
    this.abandon(true);
  }

  /**
   * Closes the files as they are.
   * @param release whether those who wait for durability are let go: the log is about to be removed. Else the broker is
   * dead and nobody may be told anything.
   */
  abandon(release: boolean): void {
    this.#commit.stop(release);
    for (const segment of this.#segments) this.#options.handles.drop(segment.path);
    const file = this.#file;
    this.#file = undefined;
    if (file) void this.#commit.idle().then(() => file.close());
    this.#point?.close();
    this.#point = undefined;
  }

  /** Makes folder and first segment, so that they are there after any crash. */
  #create(base: number): void {
    const { files, folder } = this.#options;
    files.makeFolder(folder);
    this.#segments.push(emptySegment(folder, base));
    try {
      this.#openActive();
    } catch (error) {
      this.#segments.pop();
      throw error;
    }
  }

  #openActive(): FileHandle {
    if (this.#file) return this.#file;
    const { files, folder, parents, policy } = this.#options;
    const active = this.#active;
    this.#options.handles.drop(active.path);
    const file = files.open(active.path, 'append');
    try {
      const point = { base: active.base, position: active.size, policy };
      this.#point ??= new RecoveryPointFile(files, `${folder}/${RECOVERY_POINT_NAME}`, point);
      // Once per run even for files found there: after kill -9 they may be known to the page cache only.
      if (policy !== 'never') for (const path of [folder, ...parents]) files.syncFolder(path);
    } catch (error) {
      file.close();
      throw error;
    }
    this.#file = file;
    return file;
  }

  #syncNow(file: FileHandle): void {
    try {
      file.syncNow();
    } catch (error) {
      this.#options.onFatal(error);
      throw error;
    }
  }

  async #syncBehind(file: FileHandle, old: Segment, next: Segment): Promise<void> {
    try {
      await file.sync();
      // Abandoned meanwhile: the folder may be gone, and nothing has to be known of it any more.
      if (this.#file) {
        this.#options.files.syncFolder(this.#options.folder);
        this.#settle(old, next);
      }
    } catch (error) {
      this.#options.onFatal(error);
    }
    file.close();
  }

  /** `old` is on the disk as a whole: its index may be trusted, recovery begins with `next`. */
  #settle(old: Segment, next: Segment): void {
    try {
      writeIndex(this.#options.files, old);
    } catch {
      // Only an index: it is rebuilt when it is missing.
      this.#options.files.remove(indexPath(old));
    }
    if (old === next) return;
    old.index = undefined;
    this.#point?.write({ base: next.base, position: 0, policy: this.#options.policy });
  }

  #onDurable(mark: Mark): void {
    if (mark.segment === this.#active && this.#point) {
      try {
        this.#point.write({ base: mark.segment.base, position: mark.size, policy: this.#options.policy });
      } catch (error) {
        this.#options.onFatal(error);
      }
    }
    this.#advance(mark.end, mark.writtenBytes);
  }

  #advance(end: number, writtenBytes: number): void {
    if (end <= this.#durableEnd) return;
    this.#durableEnd = end;
    this.#durableBytes = writtenBytes;
    this.#options.onDurable(end);
  }
}
