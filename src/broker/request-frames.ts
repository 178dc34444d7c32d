import type { ArrayPool } from '../base/array-pool.js';
import { unclearedBytes } from '../base/bytes.js';
import { SIZE_BYTES, sizeOfFrame } from '../wire/frame-splitter.js';

/** One read takes at most this much where no frame has begun. */
const SCRATCH_BYTES = 256 * 1024;
/** Reserved for a frame that has begun, however little of it is there. */
const RESERVED_BYTES_MIN = 1024;
/** Beyond, so many times what is there: whoever announces much has to send it. */
const RESERVED_RATIO = 4;

/** Where connections read to when no frame has begun. Shared: what a read put here is dealt with before the next read. */
let scratch: Uint8Array | undefined;

/**
 * Cuts the bytes of one client into requests without moving most of them: requests that come whole are taken where they
 * were read to, and the rest of a long one is read straight into its array.
 */
export class RequestFrames {
  readonly #maxFrameBytes: number;
  readonly #pool: ArrayPool;
  readonly #take: (frame: Uint8Array) => void;
  readonly #head = new Uint8Array(SIZE_BYTES);
  #headFilled = 0;
  /** The unfinished frame: as much of it as is reserved. */
  #frame: Uint8Array | undefined;
  /** Bytes of it that are there. */
  #filled = 0;
  #size = 0;

  /**
   * @param maxFrameBytes bound of one frame without its size.
   * @param take given each frame, without its size; its bytes are somebody else's as soon as it returns.
   */
  constructor(maxFrameBytes: number, pool: ArrayPool, take: (frame: Uint8Array) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#pool = pool;
    this.#take = take;
  }

  /** Bytes reserved for a frame that is not complete. */
  get heldBytes(): number {
    return this.#frame?.length ?? this.#headFilled;
  }

  /** Size of the frame that is not complete; 0 when none has begun. */
  get announcedBytes(): number {
    return this.#frame ? this.#size : 0;
  }

  /** Where the next bytes of the stream are best put; never empty. */
  room(): Uint8Array {
    if (this.#frame) return this.#frame.subarray(this.#filled);
    scratch ??= unclearedBytes(SCRATCH_BYTES);
    return scratch;
  }

  /**
   * Takes the next bytes of the stream: the beginning of {@link room}, filled, or any other array.
   * @throws `malformed-frame` when a size is negative or too large; the stream cannot be used any more.
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; )
      at = this.#frame ? this.#goOn(this.#frame, bytes, at) : this.#begin(bytes, at);
  }

  /** @returns where the next frame begins in `bytes`. */
  #begin(bytes: Uint8Array, from: number): number {
    let at = from;
    while (this.#headFilled < SIZE_BYTES && at < bytes.length) this.#head[this.#headFilled++] = bytes[at++]!;
    if (this.#headFilled < SIZE_BYTES) return at;
    this.#headFilled = 0;
    const size = sizeOfFrame(this.#head, this.#maxFrameBytes);
    const there = bytes.length - at;
    if (size <= there) {
      this.#take(bytes.subarray(at, at + size));
      return at + size;
    }
    this.#size = size;
    this.#reserve(bytes.subarray(at));
    return bytes.length;
  }

  /** @returns where the next frame begins in `bytes`. */
  #goOn(frame: Uint8Array, bytes: Uint8Array, at: number): number {
    const room = frame.subarray(this.#filled);
    const piece = bytes.subarray(at, at + room.length);
    if (piece.buffer !== room.buffer || piece.byteOffset !== room.byteOffset) room.set(piece);
    this.#filled += piece.length;
    if (this.#filled === this.#size) {
      this.#frame = undefined;
      this.#take(frame);
      this.#pool.give(frame);
    } else if (this.#filled === frame.length) {
      this.#reserve(frame);
      this.#pool.give(frame);
    }
    return at + piece.length;
  }

  /** Makes room for more of the frame than `there`, and puts that into it. */
  #reserve(there: Uint8Array): void {
    const size = this.#size;
    const reserved = Math.min(size, Math.max(RESERVED_BYTES_MIN, there.length * RESERVED_RATIO));
    const frame = this.#pool.takeFree(size) ?? this.#pool.take(reserved);
    frame.set(there);
    this.#frame = frame;
    this.#filled = there.length;
  }
}
