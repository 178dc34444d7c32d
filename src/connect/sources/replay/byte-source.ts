import { concatBytes } from '../../../base/bytes.js';
import type { FileHandle, FileSystem } from '../../../base/files.js';

/** Where the bytes of a file come from, in order. */
export interface ByteSource {
  /** As the person named it: for messages and headers. */
  readonly name: string;
  /** Bytes in all; undefined for a stream. */
  readonly size: number | undefined;
  /** Bytes given out so far. */
  readonly position: number;
  /** Fills the beginning of `target`; gives back how many bytes, 0 at the end. */
  read(target: Uint8Array): number | Promise<number>;
  /** A look at bytes further on, without moving; only where there is a size, or after {@link ByteSource.await}. */
  peek(position: number, length: number): Uint8Array;
  /** Of a stream: waits until its first `count` bytes can be peeked at, or it has ended. */
  await?(count: number): Promise<void>;
  /** Begins again from the first byte; false where that cannot be done. */
  rewind(): boolean;
  close(): void;
}

/** A file, read in pieces: synchronously, from the page cache. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly #handle: FileHandle;
  #position = 0;

  /** @throws `not-found` */
  constructor(files: FileSystem, path: string, name: string) {
    this.name = name;
    this.#handle = files.open(path, 'read');
  }

  get size(): number {
    return this.#handle.size();
  }

  get position(): number {
    return this.#position;
  }

  read(target: Uint8Array): number {
    const count = this.#handle.read(target, this.#position);
    this.#position += count;
    return count;
  }

  peek(position: number, length: number): Uint8Array {
    const piece = new Uint8Array(length);
    return piece.subarray(0, this.#handle.read(piece, position));
  }

  rewind(): boolean {
    this.#position = 0;
    return true;
  }

  close(): void {
    this.#handle.close();
  }
}

/** A stream of chunks, such as standard input. */
export class StreamSource implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.name = name;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  get position(): number {
    return this.#position;
  }

  async read(target: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return 0;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, target.length);
    target.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    this.#position += piece.length;
    return piece.length;
  }

  /** Only what was awaited, and before the first read. */
  peek(position: number, length: number): Uint8Array {
    return this.#position === 0 ? this.#rest.subarray(position, position + length) : new Uint8Array(0);
  }

  async await(count: number): Promise<void> {
    while (this.#rest.length < count) {
      const next = await this.#chunks.next();
      if (next.done) return;
      this.#rest = this.#rest.length === 0 ? next.value : concatBytes([this.#rest, next.value]);
    }
  }

  rewind(): boolean {
    return false;
  }

  close(): void {
    void this.#chunks.return?.();
  }
}
