import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileHandle, FileSystem } from '../../../base/files.js';
import { appendTextCell, GrowingBytes, takeText } from './cell-text.js';
import { CLOSE, EMPTY, END, MORE, OPEN, TEXT, XmlScanner } from './xml-scanner.js';

/** Strings are kept in blocks; a string lies in one block as a whole. */
const BLOCK_BYTES = 256 * 1024;
/** What is held in memory. What comes after lies in a temporary file, */
const MEMORY_BYTES = 64 * 1024 * 1024;
/** of which so many blocks are held at a time: 8 MB. */
const CACHED_BLOCKS = 32;
/** A sheet has fewer cells of text than that. */
const MAX_STRINGS = 50_000_000;
const FIRST_STRINGS = 4096;

const ITEM = utf8('si');
const TEXT_TAG = utf8('t');
const PHONETIC = utf8('rPh');

/**
 * The texts that a workbook's cells share, as CSV cells. Up to 64 MB are held in memory, the rest in a temporary file:
 * memory stays bounded by that and 12 bytes a string.
 */
export class SharedStrings {
  readonly #files: FileSystem;
  readonly #memoryBlocks: number;
  readonly #blocks: Uint8Array[] = [];
  readonly #cache = new Map<number, Uint8Array>();
  #spill: FileHandle | undefined;
  #block = new GrowingBytes(BLOCK_BYTES);
  #blockNumber = 0;
  #starts = new Float64Array(FIRST_STRINGS);
  #lengths = new Uint32Array(FIRST_STRINGS);
  #count = 0;

  /** @param memoryBytes what is held in memory at most. */
  constructor(files: FileSystem, memoryBytes = MEMORY_BYTES) {
    this.#files = files;
    this.#memoryBlocks = Math.ceil(memoryBytes / BLOCK_BYTES);
  }

  /**
   * Reads the part with the strings.
   * @throws `bad-data`, `limit-exceeded`, `disk-failed`
   */
  static async read(pieces: AsyncIterable<Uint8Array>, part: string, files: FileSystem): Promise<SharedStrings> {
    const strings = new SharedStrings(files);
    const scanner = new XmlScanner(pieces, part);
    try {
      await strings.#fill(scanner);
    } catch (error) {
      strings.close();
      throw error;
    } finally {
      await scanner.close();
    }
    return strings;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether some of them lie in a file. */
  get isSpilled(): boolean {
    return this.#spill !== undefined;
  }

  /** Adds a string. Its text is `text` up to `text.used`. */
  add(text: GrowingBytes): void {
    const block = this.#block;
    if (block.used + text.used * 2 + 2 > BLOCK_BYTES) this.#endBlock();
    if (text.used * 2 + 2 > BLOCK_BYTES) {
      throw new StreamctlError('limit-exceeded', `string ${this.#count} of the workbook is too long`, {
        detail: 'a cell holds 32,767 characters',
        exit: 2,
      });
    }
    if (this.#count === this.#starts.length) this.#grow();
    const start = this.#block.used;
    appendTextCell(text, this.#block);
    this.#starts[this.#count] = this.#blockNumber * BLOCK_BYTES + start;
    this.#lengths[this.#count] = this.#block.used - start;
    this.#count++;
  }

  /** Appends string `index` to `into`; false when there is none of that number. */
  append(index: number, into: GrowingBytes): boolean {
    if (!(index >= 0 && index < this.#count)) return false;
    const position = this.#starts[index]!;
    const number = Math.floor(position / BLOCK_BYTES);
    const start = position - number * BLOCK_BYTES;
    into.append(this.#blockOf(number), start, start + this.#lengths[index]!);
    return true;
  }

  close(): void {
    this.#spill?.close();
    this.#spill = undefined;
    this.#count = 0;
  }

  async #fill(scanner: XmlScanner): Promise<void> {
    const text = new GrowingBytes(1024);
    let isText = false;
    let phonetic = 0;
    for (;;) {
      const token = scanner.next();
      if (token === END) return;
      if (token === MORE) await scanner.fill();
      else if (token === TEXT) {
        if (isText && phonetic === 0) takeText(scanner, text);
      } else if (token === OPEN) {
        if (scanner.is(TEXT_TAG)) isText = true;
        else if (scanner.is(PHONETIC)) phonetic++;
        else if (scanner.is(ITEM)) text.used = 0;
      } else if (token === CLOSE) {
        if (scanner.is(TEXT_TAG)) isText = false;
        else if (scanner.is(PHONETIC)) phonetic--;
        else if (scanner.is(ITEM)) this.add(text);
      } else if (token === EMPTY && scanner.is(ITEM)) {
        text.used = 0;
        this.add(text);
      }
    }
  }

  #blockOf(number: number): Uint8Array {
    if (number === this.#blockNumber) return this.#block.bytes;
    if (number < this.#memoryBlocks) return this.#blocks[number]!;
    let block = this.#cache.get(number);
    if (block) {
      // The one used last goes to the end: the first one is the one to give up.
      this.#cache.delete(number);
    } else {
      const [oldest] = this.#cache.keys();
      block = (this.#cache.size >= CACHED_BLOCKS && this.#cache.get(oldest!)) || new Uint8Array(BLOCK_BYTES);
      if (this.#cache.size >= CACHED_BLOCKS) this.#cache.delete(oldest!);
      this.#spill!.read(block, (number - this.#memoryBlocks) * BLOCK_BYTES);
    }
    this.#cache.set(number, block);
    return block;
  }

  #endBlock(): void {
    if (this.#blockNumber < this.#memoryBlocks) {
      this.#blocks.push(this.#block.bytes);
      this.#block = new GrowingBytes(BLOCK_BYTES);
    } else {
      this.#spill ??= this.#files.openTemporary();
      this.#spill.write([this.#block.bytes], (this.#blockNumber - this.#memoryBlocks) * BLOCK_BYTES);
      this.#block.used = 0;
    }
    this.#blockNumber++;
  }

  #grow(): void {
    if (this.#count >= MAX_STRINGS) {
      throw new StreamctlError('limit-exceeded', `the workbook shares more than ${MAX_STRINGS} texts`, { exit: 2 });
    }
    const starts = new Float64Array(this.#count * 2);
    starts.set(this.#starts);
    this.#starts = starts;
    const lengths = new Uint32Array(this.#count * 2);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }
}
