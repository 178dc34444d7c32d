import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayPool } from '../../src/base/array-pool.js';
import { RequestFrames } from '../../src/broker/request-frames.js';

const MAX_FRAME_BYTES = 48 << 20;

const framesOf = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 60_000, max: 700_000 }).map((size) => new Uint8Array(size).fill(size)),
  ),
  { maxLength: 6 },
);

function streamOf(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const size = new Uint8Array(4);
      new DataView(size.buffer).setInt32(0, frame.length);
      return [size, frame];
    }),
  );
}

/** One client's stream on its way into its reader, in pieces of the given sizes, over and over. */
class Sender {
  readonly found: Buffer[] = [];
  readonly #frames: RequestFrames;
  readonly #stream: Uint8Array;
  readonly #sizes: readonly number[];
  #at = 0;
  #turn = 0;

  constructor(pool: ArrayPool, stream: Uint8Array, sizes: readonly number[]) {
    // Copied at once: afterwards the bytes are somebody else's.
    this.#frames = new RequestFrames(MAX_FRAME_BYTES, pool, (frame) => this.found.push(Buffer.from(frame)));
    this.#stream = stream;
    this.#sizes = sizes;
  }

  get done(): boolean {
    return this.#at >= this.#stream.length;
  }

  /** @param intoRoom whether the bytes are read to where the reader wants them. */
  step(intoRoom: boolean): void {
    const room = this.#frames.room();
    expect(room.length).toBeGreaterThan(0);
    const size = this.#sizes[this.#turn++ % this.#sizes.length]!;
    const piece = this.#stream.slice(this.#at, this.#at + (intoRoom ? Math.min(size, room.length) : size));
    this.#at += piece.length;
    if (intoRoom) room.set(piece);
    this.#frames.push(intoRoom ? room.subarray(0, piece.length) : piece);
    if (!intoRoom) piece.fill(0xee);
  }
}

describe('RequestFrames', () => {
  it('gives the frames of many clients, whose bytes come in any pieces and any order', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300_000 })), {
      minLength: 1,
      maxLength: 6,
    });
    const clients = fc.array(fc.record({ frames: framesOf, sizes }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(clients, fc.infiniteStream(fc.nat(1000)), (clients, lots) => {
        const pool = new ArrayPool(1 << 20);
        const senders = clients.map(({ frames, sizes }) => new Sender(pool, streamOf(frames), [...sizes, 100_000]));
        for (let open = senders; open.length > 0; open = open.filter(({ done }) => !done)) {
          const lot = lots.next().value;
          const sender = open[lot % open.length]!;
          if (!sender.done) sender.step(lot % 7 > 2);
        }
        for (const [index, { frames }] of clients.entries()) {
          const { found } = senders[index]!;
          expect(found.map((frame, n) => frame.equals(frames[n]!))).toEqual(frames.map(() => true));
        }
      }),
      { numRuns: 80 },
    );
  });

  it('moves no byte of a frame that was read as a whole, and reads the rest of a long one in one piece', () => {
    const taken: Uint8Array[] = [];
    const frames = new RequestFrames(MAX_FRAME_BYTES, new ArrayPool(0), (frame) => taken.push(frame));
    const stream = streamOf([new Uint8Array(1000), new Uint8Array(300_000)]);
    const room = frames.room();
    room.set(stream.subarray(0, 200_000));
    frames.push(room.subarray(0, 200_000));
    expect(taken[0]!.buffer).toBe(room.buffer);
    expect(frames.room().length).toBe(stream.length - 200_000);
  });

  it('reserves for what is announced a small multiple of what was sent', () => {
    const frames = new RequestFrames(MAX_FRAME_BYTES, new ArrayPool(1 << 20), () => undefined);
    const stream = streamOf([new Uint8Array(40 << 20)]);
    for (let at = 0; at < 10 << 20; at += 50_000) {
      frames.push(stream.subarray(at, at + 50_000));
      expect(frames.heldBytes).toBeLessThanOrEqual(Math.max(1024, 4 * (at + 50_000)));
    }
    expect(frames.announcedBytes).toBe(40 << 20);
  });

  it('refuses sizes that no frame has', () => {
    const frames = (max: number): RequestFrames => new RequestFrames(max, new ArrayPool(0), () => undefined);
    expect(() => frames(100).push(new Uint8Array([0, 0, 0, 101]))).toThrow(/101 bytes/);
    expect(() => frames(100).push(new Uint8Array([255, 255, 255, 255]))).toThrow(/-1 bytes/);
  });
});
