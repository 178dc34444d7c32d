import type { FileHandle, FileSystem } from '../../../base/files.js';
import type { HeldRow, RowBlock } from '../../codecs/row-block.js';

const WRITE_BYTES = 512 * 1024;
/** Buffers of all runs together while they are merged, and the least for one. */
const READ_BYTES = 32 * 1024 * 1024;
const MIN_RUN_BUFFER_BYTES = 16 * 1024;
const MAX_RUN_BUFFER_BYTES = 256 * 1024;
/** Time, number, source, lengths of key and text. */
const HEADER_BYTES = 28;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Sorted runs of rows in a temporary file. */
export class SortSpill {
  readonly #file: FileHandle;
  readonly #stretches: Stretch[] = [];
  #size = 0;
  #buffer = new Uint8Array(WRITE_BYTES);
  #used = 0;

  constructor(files: FileSystem) {
    this.#file = files.openTemporary();
  }

  /** Writes the rows of a block in `order` as one run. @throws `disk-failed` */
  add(block: RowBlock, order: Int32Array): void {
    const start = this.#size;
    const starts = keyStarts(block);
    for (const index of order) this.#write(block, index, starts[index]!);
    this.#flush();
    this.#stretches.push({ start, end: this.#size });
  }

  /** Readers of the runs, in the order they were added. */
  runs(): SortRun[] {
    const share = Math.floor(READ_BYTES / this.#stretches.length);
    const bufferBytes = Math.min(MAX_RUN_BUFFER_BYTES, Math.max(MIN_RUN_BUFFER_BYTES, share));
    this.#buffer = new Uint8Array(0);
    return this.#stretches.map(({ start, end }) => new SortRun(this.#file, start, end, bufferBytes));
  }

  close(): void {
    this.#file.close();
  }

  #write(block: RowBlock, index: number, keyStart: number): void {
    const textStart = block.start(index);
    const textEnd = block.ends[index]!;
    const keyEnd = block.keyEnds[index]!;
    const keyBytes = keyEnd < 0 ? 0 : keyEnd - keyStart;
    const size = HEADER_BYTES + keyBytes + textEnd - textStart;
    if (this.#used + size > this.#buffer.length) this.#flush();
    if (size > this.#buffer.length) this.#buffer = new Uint8Array(size);
    const view = new DataView(this.#buffer.buffer, this.#used, HEADER_BYTES);
    view.setFloat64(0, block.times[index]!);
    view.setFloat64(8, block.rows[index]!);
    view.setInt32(16, block.sources?.[index] ?? -1);
    view.setInt32(20, keyEnd < 0 ? -1 : keyBytes);
    view.setInt32(24, textEnd - textStart);
    const at = this.#used + HEADER_BYTES;
    if (keyBytes > 0) this.#buffer.set(block.keyBytes.subarray(keyStart, keyEnd), at);
    this.#buffer.set(block.bytes.subarray(textStart, textEnd), at + keyBytes);
    this.#used += size;
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#file.write([this.#buffer.subarray(0, this.#used)], this.#size);
    this.#size += this.#used;
    this.#used = 0;
  }
}

/** Where each row's key starts. */
function keyStarts({ count, keyEnds }: RowBlock): Int32Array {
  const starts = new Int32Array(count);
  let start = 0;
  for (let index = 0; index < count; index++) {
    starts[index] = start;
    if (keyEnds[index]! >= 0) start = keyEnds[index]!;
  }
  return starts;
}

/** The rows of one run, one at a time. */
export class SortRun {
  /** The row at hand: valid until the next call of `next`. */
  row: HeldRow | undefined;
  readonly #file: FileHandle;
  readonly #end: number;
  #position: number;
  #buffer: Uint8Array;
  #at = 0;
  #size = 0;

  constructor(file: FileHandle, start: number, end: number, bufferBytes: number) {
    this.#file = file;
    this.#position = start;
    this.#end = end;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /** Goes to the next row; false at the end of the run. */
  next(): boolean {
    if (!this.#need(HEADER_BYTES)) return false;
    const view = new DataView(this.#buffer.buffer, this.#at, HEADER_BYTES);
    const [timeMs, row, source] = [view.getFloat64(0), view.getFloat64(8), view.getInt32(16)];
    const [keyBytes, textBytes] = [view.getInt32(20), view.getInt32(24)];
    this.#need(HEADER_BYTES + Math.max(0, keyBytes) + textBytes);
    const keyAt = this.#at + HEADER_BYTES;
    const textAt = keyAt + Math.max(0, keyBytes);
    this.row = {
      text: this.#buffer.subarray(textAt, textAt + textBytes),
      key: keyBytes < 0 ? null : this.#buffer.subarray(keyAt, textAt),
      row,
      timeMs,
      source: source < 0 ? undefined : source,
    };
    this.#at = textAt + textBytes;
    return true;
  }

  /** Sees to it that so many bytes lie behind the place at hand. */
  #need(count: number): boolean {
    const held = this.#size - this.#at;
    if (held >= count) return true;
    if (this.#position >= this.#end) return false;
    const buffer = count > this.#buffer.length ? new Uint8Array(count * 2) : this.#buffer;
    buffer.set(this.#buffer.subarray(this.#at, this.#size));
    this.#buffer = buffer;
    const wanted = Math.min(buffer.length - held, this.#end - this.#position);
    const read = this.#file.read(buffer.subarray(held, held + wanted), this.#position);
    this.#position += read;
    this.#at = 0;
    this.#size = held + read;
    return this.#size >= count;
  }
}
