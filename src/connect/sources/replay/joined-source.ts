import type { ByteSource } from './byte-source.js';

/** Several files as far as place and closing go: each is read by its own reader. */
export class JoinedSource implements ByteSource {
  readonly name: string;
  readonly #sources: readonly ByteSource[];

  constructor(name: string, sources: readonly ByteSource[]) {
    this.name = name;
    this.#sources = sources;
  }

  get size(): number | undefined {
    let size = 0;
    for (const source of this.#sources) {
      if (source.size === undefined) return undefined;
      size += source.size;
    }
    return size;
  }

  get position(): number {
    return this.#sources.reduce((sum, { position }) => sum + position, 0);
  }

  read(): number {
    return 0;
  }

  peek(): Uint8Array {
    return new Uint8Array(0);
  }

  rewind(): boolean {
    return false;
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}
