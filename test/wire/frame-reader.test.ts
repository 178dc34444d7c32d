import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../src/wire/frame-reader.js';

const framesOf = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 65_000, max: 200_000 }).map((size) => new Uint8Array(size).fill(size)),
  ),
  { maxLength: 8 },
);

function streamOf(frames: readonly Uint8Array[]): Uint8Array {
  const parts = frames.flatMap((frame) => {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setInt32(0, frame.length);
    return [size, frame];
  });
  return Buffer.concat(parts);
}

/** Gives the stream in pieces of the given sizes, over and over, read into the room or in arrays of their own. */
function readAll(stream: Uint8Array, sizes: readonly number[], intoRoom: boolean): Uint8Array[] {
  const reader = new FrameReader();
  const found: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const room = reader.room();
    if (room.length === 0) throw new Error('no room');
    const size = sizes[turn % sizes.length]!;
    const piece = stream.subarray(at, at + (intoRoom ? Math.min(size, room.length) : size));
    at += piece.length;
    if (intoRoom) room.set(piece);
    found.push(...reader.push(intoRoom ? room.subarray(0, piece.length) : piece));
  }
  return found;
}

describe('FrameReader', () => {
  it('gives the frames of any stream in pieces of any size', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 300_000 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(framesOf, sizes, fc.boolean(), (frames, pieces, intoRoom) => {
        // Single bytes of long frames would take for ever.
        const coarse = [...pieces, 100_000];
        const found = readAll(streamOf(frames), coarse, intoRoom);
        expect(found.map((frame) => Buffer.from(frame).equals(frames[found.indexOf(frame)]!))).toEqual(
          frames.map(() => true),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('gives frames that later bytes do not change', () => {
    const reader = new FrameReader();
    const first = streamOf([Uint8Array.of(1, 2, 3)]);
    reader.room().set(first);
    const [frame] = reader.push(reader.room().subarray(0, first.length));
    reader.room().fill(9);
    expect([...frame!]).toEqual([1, 2, 3]);
  });

  it('refuses sizes that no frame has', () => {
    expect(() => new FrameReader(undefined, 100).push(new Uint8Array([0, 0, 0, 101]))).toThrow(/101 bytes/);
    expect(() => new FrameReader().push(new Uint8Array([255, 255, 255, 255]))).toThrow(/-1 bytes/);
    expect(() => new FrameReader().push(new Uint8Array([127, 0, 0, 0]))).toThrow(/malformed|announced/);
  });
});
