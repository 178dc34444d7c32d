import type { InputStream, Output } from './context.js';

/** Bytes queued beyond which {@link Output.ready} waits. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** stdout or stderr of this process. A closed pipe calls `closed` once; later writes do nothing. */
export class ProcessOutput implements Output {
  readonly node: NodeJS.WriteStream;
  #isClosed = false;

  constructor(node: NodeJS.WriteStream, closed: () => void) {
    this.node = node;
    node.on('error', () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      closed();
    });
  }

  get isTerminal(): boolean {
    return this.node.isTTY === true;
  }

  get columns(): number {
    return this.node.columns || 80;
  }

  get rows(): number {
    return this.node.rows || 24;
  }

  write(chunk: string | Uint8Array): void {
    if (!this.#isClosed && chunk.length > 0) this.node.write(chunk);
  }

  pending(): number {
    return this.#isClosed ? 0 : this.node.writableLength;
  }

  ready(): Promise<void> {
    return this.#until(MAX_PENDING_BYTES);
  }

  /** Resolves when everything was handed to the kernel. */
  flushed(): Promise<void> {
    return this.#until(0);
  }

  onResize(handler: () => void): () => void {
    this.node.on('resize', handler);
    return () => void this.node.off('resize', handler);
  }

  #until(bytes: number): Promise<void> {
    if (this.pending() <= bytes) return Promise.resolve();
    // An empty write is done when all before it are; 'drain' comes only after more than the high-water mark was queued.
    return new Promise((resolve) => void this.node.write('', () => resolve()));
  }
}

/** stdin of this process. */
export function processInput(node: NodeJS.ReadStream): InputStream {
  return {
    isTerminal: node.isTTY === true,
    chunks: () => node as AsyncIterable<Uint8Array>,
    keys(handler) {
      const raw = node.isTTY === true;
      if (raw) node.setRawMode(true);
      node.on('data', handler);
      node.resume();
      return () => {
        node.off('data', handler);
        if (raw) node.setRawMode(false);
        node.pause();
        node.unref();
      };
    },
  };
}
