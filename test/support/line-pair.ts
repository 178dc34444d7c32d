import type { Line } from '../../src/base/thread-line.js';

/** Both ends of a line between two threads that are one: messages are copied, arrays move, and all comes later, in order. */
export function linePair<A, B>(): { readonly here: Line<A, B>; readonly there: Line<B, A>; isClosed(): boolean } {
  let takeHere: ((message: A) => void) | undefined;
  let takeThere: ((message: B) => void) | undefined;
  let closed = false;
  const post = <T>(message: T, moved: readonly ArrayBuffer[], take: () => ((message: T) => void) | undefined): void => {
    const copy = structuredClone(message, { transfer: [...moved] });
    setImmediate(() => {
      if (!closed) take()?.(copy);
    });
  };
  return {
    here: {
      send: (message, moved = []) => post(message, moved, () => takeThere),
      listen: (take) => {
        takeHere = take;
      },
      close: () => {
        closed = true;
      },
    },
    there: {
      send: (message, moved = []) => post(message, moved, () => takeHere),
      listen: (take) => {
        takeThere = take;
      },
      close: () => undefined,
    },
    isClosed: () => closed,
  };
}
