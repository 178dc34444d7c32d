import type { Context } from './context.js';

const BLOCK_BYTES = 1024 * 1024;

/** Blocks of a file as they are read; `-` is standard input. @throws `not-found`, `disk-failed` */
export async function* readBlocks(context: Context, path: string): AsyncGenerator<Uint8Array, void> {
  if (path === '-') {
    yield* untilAborted(context.stdin.chunks(), context.signal);
    return;
  }
  const file = context.files.open(context.resolvePath(path), 'read');
  try {
    for (let position = 0; !context.signal.aborted; ) {
      const block = new Uint8Array(BLOCK_BYTES);
      const count = file.read(block, position);
      if (count === 0) return;
      position += count;
      yield block.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

/** The items of `source` until `signal` aborts, even while it waits for the next one. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = source[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next === undefined || next.done) return;
    yield next.value;
  }
}
