import type { ByteSource } from './byte-source.js';

/** Bytes that are in memory already, as a source. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  get position(): number {
    return this.#position;
  }

  read(target: Uint8Array): number {
    const piece = this.#bytes.subarray(this.#position, this.#position + target.length);
    target.set(piece);
    this.#position += piece.length;
    return piece.length;
  }

  peek(position: number, length: number): Uint8Array {
    return this.#bytes.subarray(position, position + length);
  }

  rewind(): boolean {
    this.#position = 0;
    return true;
  }

  close(): void {
    this.#position = this.#bytes.length;
  }
}
