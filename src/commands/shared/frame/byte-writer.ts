import { unclearedBytes } from '../../../base/bytes.js';
import { MAX_NUMBER_BYTES, writeNumber, writePlainText } from '../../../connect/codecs/json-bytes.js';
import type { Output } from './context.js';

/** Bytes collected before they are handed to the output: large writes are what makes a pipe fast. */
const CHUNK_BYTES = 256 * 1024;
/** Chunks that are waited for to use them again: as much as may be pending before a writer waits. */
const LENT_MAX = 16;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const MAX_UTF8_PER_UNIT = 3;
const QUOTES = 2;
/** So few bytes are copied sooner one by one than by the language. */
const FEW_BYTES = 24;

/** Where chunks go; one that says what is pending gets the same arrays again and again. */
type Taker = Pick<Output, 'write'> & Partial<Pick<Output, 'pending'>>;

/** Collects text, bytes and JSON values into large chunks for an {@link Output}. */
export class ByteWriter {
  readonly #output: Taker;
  readonly #encoder = new TextEncoder();
  #chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  /** Of the chunk; made when it is asked for. */
  #view: DataView | undefined;
  #at = 0;
  /** Chunks that the output may still hold. */
  readonly #lent: Uint8Array[] = [];
  /** Chunks that it holds no longer. */
  readonly #free: Uint8Array[] = [];

  constructor(output: Taker) {
    this.#output = output;
  }

  /** Bytes that wait to be handed over. */
  get collected(): number {
    return this.#at;
  }

  /** An array with room for `bytes` from {@link collected} on, for those who fill it themselves; {@link filled} says how far. */
  room(bytes: number): Uint8Array {
    if (bytes > this.#chunk.length - this.#at) this.#makeRoom(bytes);
    return this.#chunk;
  }

  /** A view of what {@link room} gave. */
  get view(): DataView {
    this.#view ??= new DataView(this.#chunk.buffer, this.#chunk.byteOffset, this.#chunk.length);
    return this.#view;
  }

  /** What was asked for by {@link room} is filled up to `end`. */
  filled(end: number): void {
    this.#at = end;
  }

  /** Copies `bytes[start, end)`. */
  bytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length > this.#chunk.length - this.#at) this.#makeRoom(length);
    if (length <= FEW_BYTES) {
      for (let from = start; from < end; from++) this.#chunk[this.#at++] = bytes[from]!;
      return;
    }
    this.#chunk.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#at);
    this.#at += length;
  }

  byte(value: number): void {
    if (this.#at === this.#chunk.length) this.#makeRoom(1);
    this.#chunk[this.#at++] = value;
  }

  text(text: string): void {
    const most = text.length * MAX_UTF8_PER_UNIT;
    if (most > this.#chunk.length - this.#at) this.#makeRoom(most);
    this.#at += this.#encoder.encodeInto(text, this.#chunk.subarray(this.#at)).written;
  }

  /** Writes a number as JSON has it; `null` for NaN and infinities. */
  jsonNumber(value: number): void {
    if (MAX_NUMBER_BYTES > this.#chunk.length - this.#at) this.#makeRoom(MAX_NUMBER_BYTES);
    this.#at = writeNumber(this.#chunk, this.#at, value);
  }

  /** Writes a JSON string. */
  jsonText(text: string): void {
    const most = text.length + QUOTES;
    if (most > this.#chunk.length - this.#at) this.#makeRoom(most);
    const end = writePlainText(this.#chunk, this.#at, text);
    if (end < 0) this.text(JSON.stringify(text));
    else this.#at = end;
  }

  /** Hands over what is collected. */
  flush(): void {
    if (this.#at === 0) return;
    this.#reclaim();
    this.#output.write(this.#chunk.subarray(0, this.#at));
    // The output may still hold the chunk: the rest of it is free to use, what was handed over is not.
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#view = undefined;
    this.#at = 0;
    if (this.#chunk.length < CHUNK_BYTES / 4) this.#renew();
  }

  /** Goes on in a chunk that nobody holds, with room for `bytes`. */
  #renew(bytes = CHUNK_BYTES): void {
    if (this.#chunk.buffer.byteLength === CHUNK_BYTES) this.#lent.push(new Uint8Array(this.#chunk.buffer));
    this.#reclaim();
    // The oldest is the collector's.
    if (this.#lent.length > LENT_MAX) this.#lent.shift();
    const free = bytes > CHUNK_BYTES ? undefined : this.#free.pop();
    this.#view = undefined;
    this.#chunk = free ?? unclearedBytes(Math.max(bytes, CHUNK_BYTES));
  }

  /** Where nothing is pending, nothing is held. */
  #reclaim(): void {
    if (this.#lent.length > 0 && this.#output.pending?.() === 0) this.#free.push(...this.#lent.splice(0));
  }

  #makeRoom(bytes: number): void {
    this.flush();
    if (bytes > this.#chunk.length) this.#renew(bytes);
  }
}
