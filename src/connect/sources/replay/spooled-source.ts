import { StreamctlError } from '../../../base/errors.js';
import type { FileHandle, FileSystem } from '../../../base/files.js';
import type { ByteSource } from './byte-source.js';

const PIECE_BYTES = 256 * 1024;
/** Most bytes that are put on the disk for a file that has to be there as a whole. */
const MAX_SPOOLED_BYTES = 8 * 1024 * 1024 * 1024;

/** A stream that was copied to a temporary file, so that it can be read from anywhere. */
export class SpooledSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: FileHandle;
  #position = 0;

  private constructor(name: string, file: FileHandle, size: number) {
    this.name = name;
    this.#file = file;
    this.size = size;
  }

  /** @throws `disk-failed`, `limit-exceeded` */
  static async of(source: ByteSource, files: FileSystem): Promise<SpooledSource> {
    const file = files.openTemporary();
    const piece = new Uint8Array(PIECE_BYTES);
    let size = 0;
    for (;;) {
      const count = await source.read(piece);
      if (count === 0) return new SpooledSource(source.name, file, size);
      file.write([piece.subarray(0, count)], size);
      size += count;
      if (size <= MAX_SPOOLED_BYTES) continue;
      file.close();
      throw new StreamctlError('limit-exceeded', `${source.name} is larger than ${MAX_SPOOLED_BYTES / 2 ** 30} GB`, {
        exit: 2,
      });
    }
  }

  get position(): number {
    return this.#position;
  }

  read(target: Uint8Array): number {
    const count = this.#file.read(target, this.#position);
    this.#position += count;
    return count;
  }

  peek(position: number, length: number): Uint8Array {
    const piece = new Uint8Array(length);
    return piece.subarray(0, this.#file.read(piece, position));
  }

  rewind(): boolean {
    this.#position = 0;
    return true;
  }

  close(): void {
    this.#file.close();
  }
}
