import { fromUtf8, utf8 } from '../base/bytes.js';
import { crc32c } from '../base/crc32c.js';
import type { FileSystem } from '../base/files.js';

/** A state in a file: one line of JSON that says what it is and ends in its own checksum, then the bytes of the state. */
export interface StateFile<H> {
  readonly header: H;
  readonly state: Uint8Array;
}

/** What the header of every file of a state says of the bytes behind it. */
export interface StateFileHead {
  /** `local-state` or `snapshot`. */
  readonly streamctl: string;
  readonly version: number;
  readonly bytes: number;
  /** CRC-32C of the state. */
  readonly crc: number;
}

/** Bound of a header: what is longer is no header. */
const MAX_HEADER_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** The chunks of a file, to be written one after the other. */
export function encodeStateFile<H extends StateFileHead>({ header, state }: StateFile<H>): readonly Uint8Array[] {
  const text = JSON.stringify(header);
  return [utf8(`${text} ${crc32c(utf8(text)).toString(16)}\n`), state];
}

/**
 * What {@link encodeStateFile} made, or what is wrong with it, for people. Neither size nor checksum is taken on trust.
 * @param kind see {@link StateFileHead}.
 */
export function decodeStateFile<H extends StateFileHead>(
  bytes: Uint8Array,
  kind: string,
  version: number,
): StateFile<H> | { readonly problem: string } {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE);
  const line = end < 0 ? '' : fromUtf8(bytes.subarray(0, end));
  const at = line.lastIndexOf(' ');
  const text = line.slice(0, Math.max(0, at));
  if (at < 0 || line.slice(at + 1) !== crc32c(utf8(text)).toString(16))
    return { problem: 'it has no header, or a damaged one' };
  const header = JSON.parse(text) as H;
  if (header.streamctl !== kind) return { problem: `it is no ${kind}` };
  if (header.version !== version) return { problem: `it is of version ${header.version}, this is ${version}` };
  const state = bytes.subarray(end + 1);
  if (state.length < header.bytes) return { problem: `${header.bytes - state.length} bytes are missing at its end` };
  if (state.length > header.bytes || crc32c(state) !== header.crc) return { problem: 'its bytes are damaged' };
  return { header, state };
}

/**
 * Writes `chunks` to the disk as `next`, in the same folder, and puts that in the place of `path`: whatever happens, `path` is
 * what it was or all that it should be.
 * @throws `disk-failed`; `next` is removed then, where that is possible.
 */
export async function putFile(
  files: FileSystem,
  path: string,
  next: string,
  chunks: readonly Uint8Array[],
): Promise<void> {
  try {
    const file = files.open(next, 'append');
    try {
      file.truncate(0);
      file.write(chunks, 0);
      await file.sync();
    } finally {
      file.close();
    }
    files.rename(next, path);
    files.syncFolder(path.slice(0, path.lastIndexOf('/')) || '/');
  } catch (error) {
    try {
      files.remove(next);
    } catch {
      // The first failure is the one to tell.
    }
    throw error;
  }
}
