import type { Compression } from '../../../base/codec-interfaces.js';
import type { ByteSource } from './byte-source.js';

const PIECE_BYTES = 256 * 1024;

/** What a gzip file unpacks to, as a stream; several members one after the other are one text. */
export class GunzipSource implements ByteSource {
  readonly name: string;
  readonly size = undefined;
  readonly #packed: ByteSource;
  readonly #compression: Compression;
  #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #position = 0;
  /** Times that the file was begun. */
  #readings = 0;

  constructor(packed: ByteSource, compression: Compression) {
    this.name = packed.name;
    this.#packed = packed;
    this.#compression = compression;
    this.#pieces = this.#open();
  }

  get position(): number {
    return this.#position;
  }

  async read(target: Uint8Array): Promise<number> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return 0;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, target.length);
    target.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    this.#position += piece.length;
    return piece.length;
  }

  peek(): Uint8Array {
    return new Uint8Array(0);
  }

  rewind(): boolean {
    if (!this.#packed.rewind()) return false;
    const before = this.#pieces;
    this.#pieces = this.#open();
    void before.return?.();
    this.#rest = new Uint8Array(0);
    this.#position = 0;
    return true;
  }

  close(): void {
    void this.#pieces.return?.();
  }

  #open(): AsyncIterator<Uint8Array> {
    const reading = ++this.#readings;
    const pieces = piecesOf(this.#packed, () => this.#readings === reading);
    return this.#compression.inflate('gzip', pieces)[Symbol.asyncIterator]();
  }
}

/** Ends once nobody wants it, or somebody else reads the source: an inflater reads ahead, also after its source was rewound. */
async function* piecesOf(source: ByteSource, isWanted: () => boolean): AsyncGenerator<Uint8Array> {
  let at = source.position;
  while (isWanted() && source.position === at) {
    // A piece of its own each time: the inflater works on it while the next one is read.
    const piece = new Uint8Array(PIECE_BYTES);
    const count = await source.read(piece);
    if (count === 0) return;
    at += count;
    yield piece.subarray(0, count);
  }
}
