/** One end of the line between two threads. */
export interface Line<In, Out> {
  /** @param moved arrays in `message` that the other end owns from now on; others are copied. */
  send(message: Out, moved?: readonly ArrayBuffer[]): void;
  /** @param failed is told when the other end is gone for no good reason. */
  listen(take: (message: In) => void, failed: (error: Error) => void): void;
  /** Ends the other thread, or lets this one end. */
  close(): void;
}
