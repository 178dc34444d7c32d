import { concatBytes } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';

/** Largest frame taken from the network, like Kafka's `socket.request.max.bytes`. */
export const MAX_FRAME_BYTES = 104_857_600;

/** Bytes of the size in front of each frame. */
export const SIZE_BYTES = 4;

/** Cuts a byte stream into frames. Keeps at most one unfinished frame. */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  /** Pieces of the unfinished frame, or of its size, in order. */
  #pieces: Uint8Array[] = [];
  #held = 0;
  /** Size of the unfinished frame; -1 while its four bytes are not complete. */
  #size = -1;

  /** @param maxFrameBytes bound of one frame without its size. */
  constructor(maxFrameBytes = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes kept of a frame that is not complete. */
  get heldBytes(): number {
    return this.#held;
  }

  /**
   * Takes the next bytes of the stream; they must not change as long as the frames are used.
   * @returns the frames that are complete now, without their size: views of `bytes` where they lie in it as a whole.
   * @throws `malformed-frame` when a size is negative or larger than the bound; the stream cannot be used any more.
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length || this.#held === this.#size) {
      const wanted = (this.#size < 0 ? SIZE_BYTES : this.#size) - this.#held;
      const piece = bytes.subarray(at, at + wanted);
      at += piece.length;
      if (piece.length < wanted) {
        this.#pieces.push(piece);
        this.#held += piece.length;
        break;
      }
      const whole = this.#held === 0 ? piece : concatBytes([...this.#pieces, piece]);
      this.#pieces = [];
      this.#held = 0;
      if (this.#size < 0) {
        this.#size = sizeOfFrame(whole, this.#maxFrameBytes);
      } else {
        this.#size = -1;
        frames.push(whole);
      }
    }
    return frames;
  }
}

/**
 * The size that stands in front of a frame.
 * @throws `malformed-frame` when it is negative or above `maxFrameBytes`.
 */
export function sizeOfFrame(bytes: Uint8Array, maxFrameBytes: number): number {
  const size = (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
  if (size >= 0 && size <= maxFrameBytes) return size;
  throw new StreamctlError('malformed-frame', `a frame of ${size} bytes is announced`, {
    detail: `Frames of 0 to ${maxFrameBytes} bytes are accepted.`,
    hint: 'check that both sides speak the Kafka protocol without TLS',
  });
}
