import type { FileHandle, FileSystem } from '../base/files.js';

/** Closed segments that are kept open for reading, over all logs of a broker. */
export const READ_HANDLES_MAX = 128;

/** Read handles of files that are no longer written; the least recently used one is closed when there are too many. */
export class HandleCache {
  readonly #files: FileSystem;
  readonly #max: number;
  readonly #open = new Map<string, FileHandle>();

  constructor(files: FileSystem, max = READ_HANDLES_MAX) {
    this.#files = files;
    this.#max = max;
  }

  /** The handle of `path`; only valid until the next call. @throws `not-found` */
  get(path: string): FileHandle {
    const known = this.#open.get(path);
    if (known) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    const handle = this.#files.open(path, 'read');
    this.#open.set(path, handle);
    if (this.#open.size > this.#max) this.drop(this.#open.keys().next().value!);
    return handle;
  }

  /** Closes `path` because it is about to be removed or replaced. */
  drop(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.drop(path);
  }
}
