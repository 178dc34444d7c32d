import { unclearedBytes } from './bytes.js';

/** Smaller arrays are made anew: that costs less than looking after them. */
export const POOLED_BYTES_MIN = 32 * 1024;
/** Sizes of arrays are rounded up to a multiple of this, so that they fit the next one too. */
const STEP_BYTES = 64 * 1024;
/** An array is not lent for less than this part of it. */
const WASTE_MAX = 4;

/**
 * Large arrays that are used again. The collector sees an array of a megabyte as a few words and a megabyte of pressure:
 * making one per request sets off a full collection every few dozen requests, which costs more than the request.
 */
export class ArrayPool {
  readonly #maxBytes: number;
  /** Longest unused first. */
  readonly #free: Uint8Array[] = [];
  #freeBytes = 0;
  /** What was lent and may come back; weak, as some of it never does. */
  readonly #lent = new WeakSet<ArrayBufferLike>();

  /** @param maxBytes bound of what is kept unused. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are kept unused. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** An array of `size` bytes that are anything, for those who fill all of it. */
  take(size: number): Uint8Array {
    if (size < POOLED_BYTES_MIN) return unclearedBytes(size);
    return this.takeFree(size) ?? this.#lend(unclearedBytes(Math.ceil(size / STEP_BYTES) * STEP_BYTES), size);
  }

  /** Like {@link take}, but only where nothing has to be made for it. */
  takeFree(size: number): Uint8Array | undefined {
    if (size < POOLED_BYTES_MIN) return undefined;
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const array = this.#free[i]!;
      if (array.length < size || array.length > size * WASTE_MAX) continue;
      this.#free.splice(i, 1);
      this.#freeBytes -= array.length;
      return this.#lend(array, size);
    }
    return undefined;
  }

  /** Whether the bytes of `view` were lent and have not come back. */
  isLent(view: Uint8Array): boolean {
    return view.buffer.byteLength >= POOLED_BYTES_MIN && this.#lent.has(view.buffer);
  }

  /** Takes back what `view` is a part of; nobody may look at it any more. What was never lent is left alone. */
  give(view: Uint8Array): void {
    const { buffer } = view;
    if (!this.#lent.delete(buffer)) return;
    this.#free.push(new Uint8Array(buffer));
    this.#freeBytes += buffer.byteLength;
    while (this.#freeBytes > this.#maxBytes) this.#freeBytes -= this.#free.shift()!.length;
  }

  #lend(array: Uint8Array, size: number): Uint8Array {
    this.#lent.add(array.buffer);
    return array.length === size ? array : array.subarray(0, size);
  }
}
