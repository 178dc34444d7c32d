import type { FileHandle, FileSystem } from '../../../base/files.js';
import type { GrowingBytes } from './cell-text.js';

/** What is read from the file at a time: small, so that texts read in any order cost little. */
const PAGE_BYTES = 16 * 1024;
const FIRST_PAGES = 64;
/** No page, or no place in memory. */
const NONE = -1;

/**
 * Bytes that are written once, one behind the other, and read anywhere. Pages stay in memory up to a bound; beyond it
 * those that were not asked for lately lie in a temporary file only.
 */
export class PagedBytes {
  readonly #files: FileSystem;
  readonly #maxFrames: number;
  /** Places in memory, the page in each, and whether it was asked for since the hand came by. */
  readonly #frames: Uint8Array[] = [];
  readonly #pageOf: Int32Array;
  readonly #asked: Uint8Array;
  /** Where each page is in memory, and whether it was saved. */
  #frameOf = new Int32Array(FIRST_PAGES).fill(NONE);
  #saved = new Uint8Array(FIRST_PAGES);
  #hand = 0;
  #file: FileHandle | undefined;
  #size = 0;

  /** @param memoryBytes what is held in memory at most; two pages are the least. */
  constructor(files: FileSystem, memoryBytes: number) {
    this.#files = files;
    this.#maxFrames = Math.max(2, Math.floor(memoryBytes / PAGE_BYTES));
    this.#pageOf = new Int32Array(this.#maxFrames).fill(NONE);
    this.#asked = new Uint8Array(this.#maxFrames);
  }

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  /** Whether some of them lie in a file. */
  get isSpilled(): boolean {
    return this.#file !== undefined;
  }

  /** Writes `source[0, used)` behind what is there. @throws `disk-failed` */
  append({ bytes, used }: GrowingBytes): void {
    for (let at = 0; at < used; ) {
      const page = Math.floor(this.#size / PAGE_BYTES);
      const offset = this.#size - page * PAGE_BYTES;
      if (offset === 0) this.#begin(page);
      const count = Math.min(used - at, PAGE_BYTES - offset);
      this.#page(page).set(bytes.subarray(at, at + count), offset);
      at += count;
      this.#size += count;
    }
  }

  /** Appends `length` bytes from `position` on to `into`. @throws `disk-failed` */
  copy(position: number, length: number, into: GrowingBytes): void {
    let page = Math.floor(position / PAGE_BYTES);
    let offset = position - page * PAGE_BYTES;
    for (let left = length; left > 0; page++) {
      const count = Math.min(left, PAGE_BYTES - offset);
      into.append(this.#page(page), offset, offset + count);
      left -= count;
      offset = 0;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #page(page: number): Uint8Array {
    let frame = this.#frameOf[page]!;
    if (frame === NONE) {
      frame = this.#place(page);
      this.#file!.read(this.#frames[frame]!, page * PAGE_BYTES);
    }
    this.#asked[frame] = 1;
    return this.#frames[frame]!;
  }

  /** A new page; the one before it is whole. */
  #begin(page: number): void {
    if (page === this.#frameOf.length) {
      const frameOf = new Int32Array(page * 2).fill(NONE);
      frameOf.set(this.#frameOf);
      this.#frameOf = frameOf;
      const saved = new Uint8Array(page * 2);
      saved.set(this.#saved);
      this.#saved = saved;
    }
    this.#place(page);
  }

  /** Finds a place for a page; whatever page was there is in the file from then on. */
  #place(page: number): number {
    const frame = this.#frames.length < this.#maxFrames ? this.#frames.length : this.#free();
    if (frame === this.#frames.length) this.#frames.push(new Uint8Array(PAGE_BYTES));
    this.#pageOf[frame] = page;
    this.#frameOf[page] = frame;
    return frame;
  }

  /** Frees the place that was not asked for the longest, more or less: the hand of a clock passes those that were. */
  #free(): number {
    while (this.#asked[this.#hand] === 1) {
      this.#asked[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#maxFrames;
    }
    const frame = this.#hand;
    this.#hand = (frame + 1) % this.#maxFrames;
    const page = this.#pageOf[frame]!;
    if (this.#saved[page] === 0) {
      this.#file ??= this.#files.openTemporary();
      this.#file.write([this.#frames[frame]!], page * PAGE_BYTES);
      // A page that is not whole yet is saved again when it has to go again.
      if ((page + 1) * PAGE_BYTES <= this.#size) this.#saved[page] = 1;
    }
    this.#frameOf[page] = NONE;
    return frame;
  }
}
