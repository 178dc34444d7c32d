import { StreamctlError } from '../../../base/errors.js';
import {
  detectEncoding,
  forcedEncoding,
  markLength,
  type TextEncoding,
  Transcoder,
} from '../../codecs/text-encoding.js';
import type { ByteSource } from './byte-source.js';

/** Free bytes behind the text: a row end, and what is read with it where four bytes are read at a time. */
const FREE_BYTES = 4;
/** Bytes of one read. */
const CHUNK_BYTES = 256 * 1024;
/** Bytes of the head that decide encoding and shape. */
export const HEAD_BYTES = 512 * 1024;
/** Largest row: what a topic takes by default. */
export const MAX_ROW_BYTES = 1024 * 1024;

/**
 * A text file as UTF-8 in one buffer that is used again and again: `bytes[start, end)` is what was read and not taken.
 * Four bytes behind `end` are always free.
 */
export class TextInput {
  bytes: Uint8Array = new Uint8Array(HEAD_BYTES + CHUNK_BYTES);
  start = 0;
  end = 0;
  ended = false;
  encoding: TextEncoding = 'utf-8';
  readonly #source: ByteSource;
  readonly #forced: TextEncoding | undefined;
  #transcoder = new Transcoder('utf-8');
  /** Bytes as they come, where they have to be transcoded. */
  #raw: Uint8Array = new Uint8Array(0);

  /** @param encoding undefined to detect it. */
  constructor(source: ByteSource, encoding: TextEncoding | undefined) {
    this.#source = source;
    this.#forced = encoding;
  }

  /** Reads the head and decides the encoding. A stream is waited for until it has given enough, or ended. */
  async open(): Promise<void> {
    const head = new Uint8Array(HEAD_BYTES);
    let size = 0;
    while (size < head.length) {
      const count = await this.#source.read(head.subarray(size));
      if (count === 0) break;
      size += count;
    }
    this.ended = size < head.length;
    const bytes = head.subarray(0, size);
    const found = this.#forced ? forcedEncoding(bytes, this.#forced) : detectEncoding(bytes, !this.ended);
    this.encoding = found.encoding;
    this.#begin(bytes.subarray(found.markBytes), found.markBytes);
  }

  /** Begins again from the first byte, with the same encoding; false where the source cannot. */
  async rewind(): Promise<boolean> {
    if (!this.#source.rewind()) return false;
    const head = new Uint8Array(4);
    const mark = markLength(head.subarray(0, await this.#source.read(head)), this.encoding);
    this.#source.rewind();
    if (mark > 0) await this.#source.read(new Uint8Array(mark));
    this.start = 0;
    this.end = 0;
    this.ended = false;
    this.#begin(new Uint8Array(0), mark);
    return true;
  }

  /** What was read and not taken, for a look. */
  available(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /**
   * Reads more behind `end`; what is left before it may move to the front of the buffer. False at the end of the file.
   * @throws `limit-exceeded` when what is left is larger than a row may be.
   */
  fill(): boolean | Promise<boolean> {
    if (this.ended) return false;
    this.#makeRoom();
    const direct = this.encoding === 'utf-8';
    const target = direct ? this.bytes.subarray(this.end, this.bytes.length - FREE_BYTES) : this.#raw;
    const count = this.#source.read(target);
    return typeof count === 'number' ? this.#took(count) : count.then((number) => this.#took(number));
  }

  #begin(bytes: Uint8Array, position: number): void {
    this.#transcoder = new Transcoder(this.encoding, position);
    const room = this.encoding === 'utf-8' ? bytes.length : Transcoder.room(bytes.length);
    if (this.bytes.length < room + FREE_BYTES) this.bytes = new Uint8Array(room + CHUNK_BYTES);
    this.end = this.#transcoder.write(bytes, this.bytes, 0);
    if (this.encoding !== 'utf-8') this.#raw = new Uint8Array(CHUNK_BYTES);
    if (this.ended) this.#transcoder.end();
  }

  #took(count: number): boolean {
    if (count === 0) {
      this.ended = true;
      this.#transcoder.end();
      return false;
    }
    if (this.encoding === 'utf-8') this.end += count;
    else this.end = this.#transcoder.write(this.#raw.subarray(0, count), this.bytes, this.end);
    return true;
  }

  #makeRoom(): void {
    const wanted = this.encoding === 'utf-8' ? CHUNK_BYTES : Transcoder.room(CHUNK_BYTES);
    const held = this.end - this.start;
    if (held > MAX_ROW_BYTES) {
      throw new StreamctlError('limit-exceeded', `a row is longer than ${MAX_ROW_BYTES / 1024 / 1024} MB`, { exit: 2 });
    }
    if (this.bytes.length - this.end >= wanted + FREE_BYTES) return;
    if (this.bytes.length - held >= wanted + FREE_BYTES) this.bytes.copyWithin(0, this.start, this.end);
    else {
      const larger = new Uint8Array(held + wanted * 2);
      larger.set(this.available());
      this.bytes = larger;
    }
    this.start = 0;
    this.end = held;
  }
}
