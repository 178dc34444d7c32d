import { fromUtf8, utf8 } from '../base/bytes.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { Frame } from './framing.js';
import { emptySegment, indexPath, offsetName, type Segment, writeIndex } from './segment.js';

/** Name of the note that a replacement is under way: which segments one new file stands for. */
export const SWAP_NAME = 'swap';

const CLEANED_SUFFIX = '.cleaned';
/** Bytes gathered before they are written. */
const WRITE_BYTES = 1 << 18;

interface Swap {
  /** Base offset of the first segment; the new file takes its name. */
  readonly into: number;
  /** Base offsets of the others, which go. */
  readonly others: readonly number[];
}

/**
 * A new file that is to stand for several neighbouring segments: fewer records, same offsets. Readers go on with the old
 * segments until {@link SegmentReplacement.finish}.
 */
export class SegmentReplacement {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly replaced: readonly Segment[];
  readonly #made: Segment;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #closed = false;
  #begun = false;

  /** @param replaced neighbours, oldest first. @throws `disk-failed` */
  constructor(files: FileSystem, folder: string, replaced: readonly Segment[]) {
    this.#files = files;
    this.#folder = folder;
    this.replaced = replaced;
    this.#made = emptySegment(folder, replaced[0]!.base);
    this.#path = `${this.#made.path}${CLEANED_SUFFIX}`;
    files.remove(this.#path);
    this.#file = files.open(this.#path, 'append');
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#made.size;
  }

  /** Whether the files may have changed places already: then only the note says which of them count. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Adds a frame; its offsets are those it had. @throws `disk-failed` */
  append(bytes: Uint8Array, frame: Frame): void {
    const made = this.#made;
    made.index!.add(frame.first, made.size, frame.maxTimestamp);
    made.maxTimestamp = made.index!.maxTimestamp;
    made.size += frame.size;
    made.next = frame.last + 1;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= WRITE_BYTES) this.#flush();
  }

  /** Waits for the disk. @throws `disk-failed` */
  async sync(): Promise<void> {
    this.#flush();
    await this.#file.sync();
    this.#close();
  }

  /**
   * Puts the new file in the place of the old ones, so that a crash at any moment leaves the one or the other.
   * To be called after {@link SegmentReplacement.sync}, with no reader on the old files.
   * @throws `disk-failed`
   */
  swap(): Segment {
    const [first, ...others] = this.replaced;
    const note: Swap = { into: first!.base, others: others.map(({ base }) => base) };
    const path = `${this.#folder}/${SWAP_NAME}`;
    try {
      this.#files.replaceFile(path, utf8(JSON.stringify(note)));
    } finally {
      this.#begun = this.#files.exists(path);
    }
    carryOut(this.#files, this.#folder, note);
    try {
      writeIndex(this.#files, this.#made);
    } catch {
      // Only an index: it is rebuilt when it is missing.
      this.#files.remove(indexPath(this.#made));
    }
    this.#made.index = undefined;
    return this.#made;
  }

  /** Throws the new file away, unless a note already makes it part of the log. */
  abandon(): void {
    this.#close();
    if (this.#begun) return;
    this.#files.remove(this.#path);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  #flush(): void {
    this.#file.write(this.#pending, this.#made.size - this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

/** Ends a replacement that a crash interrupted, and removes files that never took their place. @throws `disk-failed` */
export function resumeSwap(files: FileSystem, folder: string): void {
  const path = `${folder}/${SWAP_NAME}`;
  if (files.exists(path)) carryOut(files, folder, JSON.parse(fromUtf8(files.readFile(path))) as Swap);
  for (const name of files.list(folder)) if (name.endsWith(CLEANED_SUFFIX)) files.remove(`${folder}/${name}`);
}

/** Every step can be done again: what is done already is skipped. */
function carryOut(files: FileSystem, folder: string, { into, others }: Swap): void {
  const target = `${folder}/${offsetName(into)}.log`;
  files.remove(`${folder}/${offsetName(into)}.index`);
  if (files.exists(`${target}${CLEANED_SUFFIX}`)) files.rename(`${target}${CLEANED_SUFFIX}`, target);
  files.syncFolder(folder);
  for (const base of others) {
    files.remove(`${folder}/${offsetName(base)}.log`);
    files.remove(`${folder}/${offsetName(base)}.index`);
  }
  files.syncFolder(folder);
  files.remove(`${folder}/${SWAP_NAME}`);
  files.syncFolder(folder);
}
