import { toHex, utf8 } from '../base/bytes.js';
import type { Lock } from '../base/network.js';
import type { RunEdges } from './interfaces.js';

/** Bound of the workers of one pipeline that have names on one machine; further ones are members without. */
const MAX_NAMES = 64;
const HEX_DIGITS = 16;

/** A name in the group that no other worker has, and that the next one in this place gets again. */
export interface WorkerName {
  readonly instanceId: string;
  /** The part of it that names the worker, whatever plan it runs. */
  readonly worker: string;
  release(): Promise<void>;
}

/**
 * Finds the first free name on this machine: a lock that the kernel frees when its process dies. Whoever is started in place of
 * a worker that was killed so has its name, takes over its partitions at once instead of when its session ends, and fences it.
 * @param fingerprint of the plan: with another one the old assignment may not fit, so the name is another one too.
 * @returns undefined where there is none: the worker is then a member without a name.
 */
export async function takeWorkerName(
  { network, crypto }: Pick<RunEdges, 'network' | 'crypto'>,
  groupId: string,
  fingerprint: string,
): Promise<WorkerName | undefined> {
  const digest = (text: string): string => toHex(crypto.hash('sha256', utf8(text))).slice(0, HEX_DIGITS);
  const machine = digest(network.lockScope());
  for (let at = 0; at < MAX_NAMES; at++) {
    let lock: Lock | undefined;
    try {
      lock = await network.lock(`run-${digest(groupId)}-${at}`);
    } catch {
      // A machine without such locks: nothing is lost but time after a kill.
      return undefined;
    }
    if (lock) {
      const { release } = lock;
      const worker = `${machine}-${at}`;
      return { instanceId: `streamctl-${worker}-${fingerprint}`, worker, release: () => release() };
    }
  }
  return undefined;
}
