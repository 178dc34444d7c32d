import { ByteWriter } from './byte-writer.js';
import type { InputStream, Output } from './context.js';

/** Bytes queued beyond which {@link Output.ready} waits. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/**
 * stdout or stderr of this process. A closed pipe calls `closed` once; later writes do nothing. Where no person looks on, the
 * lines of one turn of the event loop leave in one piece: a system call per line is most of what a line costs.
 */
export class ProcessOutput implements Output {
  readonly node: NodeJS.WriteStream;
  readonly #other: ProcessOutput | undefined;
  #isClosed = false;
  /** Made with the first text: terminals and stderr need none. */
  #gathered: ByteWriter | undefined;

  /** @param other what was written there leaves first, and nothing is gathered here: both keep their order in one file. */
  constructor(node: NodeJS.WriteStream, closed: () => void, other?: ProcessOutput) {
    this.node = node;
    this.#other = other;
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
    if (this.#isClosed || chunk.length === 0) return;
    this.#other?.hand();
    if (typeof chunk !== 'string' || this.isTerminal || this.#other) {
      this.hand();
      this.node.write(chunk);
      return;
    }
    this.#gathered ??= new ByteWriter({
      write: (bytes) => void this.node.write(bytes),
      pending: () => this.node.writableLength,
    });
    if (this.#gathered.collected === 0) process.nextTick(() => this.hand());
    this.#gathered.text(chunk);
  }

  /** Hands on what was gathered. */
  hand(): void {
    this.#gathered?.flush();
  }

  pending(): number {
    return this.#isClosed ? 0 : this.node.writableLength + (this.#gathered?.collected ?? 0);
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
    this.hand();
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
