import { crc32c } from '../base/crc32c.js';
import type { FileHandle, FileSystem } from '../base/files.js';
import type { SyncPolicy } from './group-commit.js';

/**
 * How far a log is known to be on the disk. It is written behind each sync and never synced itself: after a crash it
 * may be old, never too far. Damage before it is the loss of something acknowledged; damage behind it is a torn tail.
 */
export interface RecoveryPoint {
  /** First offset of the segment (or generation of the log) that was being written. */
  readonly base: number;
  /** Bytes of that file that are on the disk. */
  readonly position: number;
  readonly policy: SyncPolicy;
}

const MAGIC = 0x53525031;
const SIZE = 32;
const POLICIES: readonly SyncPolicy[] = ['always', 'interval', 'never'];

/** The 32 bytes of a recovery point; they lie in one disk sector, so they are replaced as a whole. */
export function encodeRecoveryPoint(point: RecoveryPoint): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, POLICIES.indexOf(point.policy));
  view.setFloat64(8, point.base);
  view.setFloat64(16, point.position);
  view.setUint32(28, crc32c(bytes, 0, 28));
  return bytes;
}

/** Reads what {@link encodeRecoveryPoint} wrote; undefined when the bytes are damaged. */
export function decodeRecoveryPoint(bytes: Uint8Array): RecoveryPoint | undefined {
  if (bytes.length < SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
  const policy = POLICIES[view.getUint32(4)];
  if (view.getUint32(0) !== MAGIC || !policy || view.getUint32(28) !== crc32c(bytes, 0, 28)) return undefined;
  return { base: view.getFloat64(8), position: view.getFloat64(16), policy };
}

/** Reads the point in file `path`; undefined when absent or damaged. */
export function readRecoveryPoint(files: FileSystem, path: string): RecoveryPoint | undefined {
  return files.exists(path) ? decodeRecoveryPoint(files.readFile(path)) : undefined;
}

/** The open file of a recovery point. */
export class RecoveryPointFile {
  readonly #file: FileHandle;

  /** Opens or makes the file and syncs its first content, so that it is there after any crash. */
  constructor(files: FileSystem, path: string, first: RecoveryPoint) {
    this.#file = files.open(path, 'append');
    this.#file.write([encodeRecoveryPoint(first)], 0);
    this.#file.syncNow();
  }

  write(point: RecoveryPoint): void {
    this.#file.write([encodeRecoveryPoint(point)], 0);
  }

  /** Writes and waits for the disk: a new file is about to be written. */
  writeNow(point: RecoveryPoint): void {
    this.write(point);
    this.#file.syncNow();
  }

  /** Waits for the disk with what was written last. */
  syncNow(): void {
    this.#file.syncNow();
  }

  close(): void {
    this.#file.close();
  }
}
