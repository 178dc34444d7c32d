/** One frame of a log: a stretch of bytes that covers the offsets `first` to `last`. */
export interface Frame {
  /** Bytes from the frame's first to its last. */
  readonly size: number;
  readonly first: number;
  readonly last: number;
  /** Latest event time inside, epoch ms; -1 when none is known. */
  readonly maxTimestamp: number;
}

/** Where frames begin and end and how to tell that one is whole: given by the caller, so that storage knows no protocol. */
export interface Framing {
  /** Bytes from the start of a frame that {@link Framing.head} needs. */
  readonly headBytes: number;
  /** No frame is larger; a head that says so is damage. */
  readonly maxFrameBytes: number;
  /** Reads the head at `at`; undefined when these bytes cannot begin a frame. */
  head(bytes: Uint8Array, at: number): Frame | undefined;
  /** Whether the whole frame at `at` is what was written (its checksum holds). */
  whole(bytes: Uint8Array, at: number, frame: Frame): boolean;
}
