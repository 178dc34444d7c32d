/** Waits for `work`, but not longer than until `signal` aborts. */
export async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', resolve as () => void, { once: true });
  });
  // What fails after the abort is of no interest any more.
  work.catch(() => undefined);
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', stop!);
}
