/** How a file is opened: `read` fails when absent; `append` makes it when absent and allows reads too. */
export type OpenMode = 'read' | 'append';

/** One open file. Reads and writes are synchronous (page cache); only `sync` waits for the disk. */
export interface FileHandle {
  /** Reads into `target` from byte `position`; returns the number of bytes read, 0 at the end. */
  read(target: Uint8Array, position: number): number;
  /** Writes all of `chunks`, one after the other, at byte `position`. @throws `disk-failed` */
  write(chunks: readonly Uint8Array[], position: number): void;
  /** Size in bytes. */
  size(): number;
  /** Cuts or extends the file to `size` bytes. @throws `disk-failed` */
  truncate(size: number): void;
  /** fdatasync. Resolves when all written bytes are on the disk. @throws `disk-failed` */
  sync(): Promise<void>;
  /** fdatasync, blocking. @throws `disk-failed` */
  syncNow(): void;
  close(): void;
}

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Time of the last change, ms since the epoch with fractions; only equality means something. */
  readonly modifiedMs: number;
  /** Differs between two files that had the same name one after the other. */
  readonly id: string;
}

/** The file calls the program needs. Paths are absolute. Real one in system.ts, simulated one in test/support. */
export interface FileSystem {
  /** @throws `not-found` (mode read) or `disk-failed` */
  open(path: string, mode: OpenMode): FileHandle;
  /** An empty file that nobody else sees and that is gone once closed, or when the process ends. @throws `disk-failed` */
  openTemporary(): FileHandle;
  exists(path: string): boolean;
  /** Undefined when absent. @throws `disk-failed` when it cannot be looked at. */
  stamp(path: string): FileStamp | undefined;
  /** The path without symbolic links. @throws `not-found` */
  realPath(path: string): string;
  /** Bytes that may still be written to the disk that holds `path`. @throws `disk-failed` */
  freeBytes(path: string): number;
  /** Names in a folder, sorted; an absent folder is empty. */
  list(folder: string): string[];
  /** Makes the folder and its parents. */
  makeFolder(path: string): void;
  /** Removes a file or a whole folder; absent is fine. */
  remove(path: string): void;
  /** Atomic replace. */
  rename(from: string, to: string): void;
  /** Makes renames and new names in `folder` durable. */
  syncFolder(folder: string): void;
  /** Whole file. @throws `not-found` */
  readFile(path: string): Uint8Array;
  /** Writes a new file next to `path`, syncs it, renames it over `path`, syncs the folder. */
  replaceFile(path: string, bytes: Uint8Array): void;
}
