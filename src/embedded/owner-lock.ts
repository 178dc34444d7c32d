import { toHex, utf8 } from '../base/bytes.js';
import type { Crypto } from '../base/codec-interfaces.js';
import type { FileSystem } from '../base/files.js';
import type { Lock, Network } from '../base/network.js';

/** Hexadecimal digits of the lock's name: names of abstract sockets are short. */
const NAME_DIGITS = 40;

/** What a lock needs of the world. */
export interface LockEdges {
  readonly files: FileSystem;
  readonly network: Network;
  readonly crypto: Crypto;
}

/**
 * Takes the ownership of a data folder, named after its real path so that a symbolic link is no second door.
 * @returns undefined when another process has it. The kernel frees it when the owner dies.
 */
export function lockFolder(edges: LockEdges, folder: string): Promise<Lock | undefined> {
  edges.files.makeFolder(folder);
  const path = edges.files.realPath(folder);
  return edges.network.lock(`broker-${toHex(edges.crypto.hash('sha256', utf8(path))).slice(0, NAME_DIGITS)}`);
}
