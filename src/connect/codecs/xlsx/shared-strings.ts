import { utf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { FileSystem } from '../../../base/files.js';
import { appendTextCell, GrowingBytes, takeText } from './cell-text.js';
import { PagedBytes } from './paged-bytes.js';
import { CLOSE, EMPTY, END, MORE, OPEN, TEXT, XmlScanner } from './xml-scanner.js';

/** What is held in memory. What is more lies in a temporary file. */
const MEMORY_BYTES = 16 * 1024 * 1024;
/** A sheet has fewer cells of text than that. */
const MAX_STRINGS = 50_000_000;
/** A cell holds 32,767 characters: its CSV takes at most so many bytes. */
const MAX_TEXT_BYTES = 256 * 1024;
/** Places are kept as distances from the first text of a span: a span stays below 4 GB. */
const SPAN_STRINGS = 16_384;

const ITEM = utf8('si');
const TEXT_TAG = utf8('t');
const PHONETIC = utf8('rPh');

/**
 * The texts that a workbook's cells share, as CSV cells. Up to 16 MB are held in memory, the rest in a temporary file:
 * memory stays bounded by that and 4 bytes a string.
 */
export class SharedStrings {
  readonly #bytes: PagedBytes;
  readonly #cell = new GrowingBytes(1024);
  /** Where each span of texts begins, and each text from there. */
  readonly #spanStarts: number[] = [];
  readonly #spans: Uint32Array[] = [];
  #count = 0;

  /** @param memoryBytes what is held in memory at most. */
  constructor(files: FileSystem, memoryBytes = MEMORY_BYTES) {
    this.#bytes = new PagedBytes(files, memoryBytes);
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
    return this.#bytes.isSpilled;
  }

  /** Adds a string. Its text is `text` up to `text.used`. @throws `limit-exceeded`, `disk-failed` */
  add(text: GrowingBytes): void {
    const cell = this.#cell;
    cell.used = 0;
    appendTextCell(text, cell);
    if (cell.used > MAX_TEXT_BYTES) {
      throw new StreamctlError('limit-exceeded', `string ${this.#count} of the workbook is too long`, {
        detail: 'a cell holds 32,767 characters',
        exit: 2,
      });
    }
    const place = this.#count % SPAN_STRINGS;
    if (place === 0) this.#beginSpan();
    const span = this.#spans.length - 1;
    this.#spans[span]![place] = this.#bytes.size - this.#spanStarts[span]!;
    this.#bytes.append(cell);
    this.#count++;
  }

  /** Appends string `index` to `into`; false when there is none of that number. @throws `disk-failed` */
  append(index: number, into: GrowingBytes): boolean {
    if (!(index >= 0 && index < this.#count)) return false;
    const start = this.#startOf(index);
    const end = index + 1 === this.#count ? this.#bytes.size : this.#startOf(index + 1);
    this.#bytes.copy(start, end - start, into);
    return true;
  }

  close(): void {
    this.#bytes.close();
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

  #startOf(index: number): number {
    const place = index % SPAN_STRINGS;
    const span = (index - place) / SPAN_STRINGS;
    return this.#spanStarts[span]! + this.#spans[span]![place]!;
  }

  #beginSpan(): void {
    if (this.#count >= MAX_STRINGS) {
      throw new StreamctlError('limit-exceeded', `the workbook shares more than ${MAX_STRINGS} texts`, { exit: 2 });
    }
    this.#spanStarts.push(this.#bytes.size);
    this.#spans.push(new Uint32Array(SPAN_STRINGS));
  }
}
