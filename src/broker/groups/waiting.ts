import type { Waiting } from './group-types.js';

/** A promise and the handle that resolves it. */
export function waiting<A>(): Waiting<A> & { readonly answer: Promise<A> } {
  let resolve!: (answer: A) => void;
  const answer = new Promise<A>((done) => {
    resolve = done;
  });
  return { answer, resolve };
}
