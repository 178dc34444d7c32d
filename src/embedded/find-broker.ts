import type { Clock } from '../base/time.js';
import { probeBroker } from '../broker/probe.js';
import { type BrokerFile, brokerFilePath, readBrokerFile } from './broker-file.js';
import { type LockEdges, lockFolder } from './owner-lock.js';

/** What finding a broker needs of the world. */
export interface FindEdges extends LockEdges {
  readonly clock: Clock;
}

/**
 * The broker that serves a data folder now.
 * A file left behind by kill -9 is seen through: what listens on its port has to say the folder's id. A broker that wants
 * to know who asks does not say it; there the lock of the folder tells.
 * @returns undefined when none runs.
 */
export async function findBroker(edges: FindEdges, folder: string): Promise<BrokerFile | undefined> {
  const content = readBrokerFile(edges.files, folder);
  if (!content) return undefined;
  if (content.security) return (await hasOwner(edges, folder)) ? content : undefined;
  const { host, port } = content.nearby ?? content;
  const clusterId = await probeBroker(edges.network, edges.clock, host, port);
  return clusterId === content.clusterId ? content : undefined;
}

/** Whether a process owns the folder: it removed what an earlier one wrote, so the file is its own. */
async function hasOwner(edges: FindEdges, folder: string): Promise<boolean> {
  const lock = await lockFolder(edges, folder);
  if (!lock) return true;
  // Nobody will look again, and so be in the way of one that starts.
  edges.files.remove(brokerFilePath(folder));
  await lock.release();
  return false;
}
