import { MAX_NUMBER_BYTES, writeNumber, writePlainText } from '../../../connect/codecs/json-bytes.js';
import type { Output } from './context.js';

/** Bytes collected before they are handed to the output: large writes are what makes a pipe fast. */
const CHUNK_BYTES = 256 * 1024;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const MAX_UTF8_PER_UNIT = 3;
const QUOTES = 2;
/** So few bytes are copied sooner one by one than by the language. */
const FEW_BYTES = 24;

/** Collects text, bytes and JSON values into large chunks for an {@link Output}. */
export class ByteWriter {
  readonly #output: Pick<Output, 'write'>;
  readonly #encoder = new TextEncoder();
  #chunk = new Uint8Array(CHUNK_BYTES);
  #at = 0;

  constructor(output: Pick<Output, 'write'>) {
    this.#output = output;
  }

  /** Bytes that wait to be handed over. */
  get collected(): number {
    return this.#at;
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
    this.#output.write(this.#chunk.subarray(0, this.#at));
    // The output may still hold the chunk: the rest of it is free to use, what was handed over is not.
    this.#chunk = this.#chunk.subarray(this.#at);
    this.#at = 0;
    if (this.#chunk.length < CHUNK_BYTES / 4) this.#chunk = new Uint8Array(CHUNK_BYTES);
  }

  #makeRoom(bytes: number): void {
    this.flush();
    if (bytes > this.#chunk.length) this.#chunk = new Uint8Array(Math.max(bytes, CHUNK_BYTES));
  }
}
