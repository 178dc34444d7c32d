import type { FileSystem } from '../base/files.js';
import type { Network } from '../base/network.js';
import type { Clock } from '../base/time.js';
import { probeBroker } from '../broker/probe.js';
import { type BrokerFile, readBrokerFile } from './broker-file.js';

/** What finding a broker needs of the world. */
export interface FindEdges {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: Network;
}

/**
 * The broker that serves a data folder now.
 * A file left behind by kill -9 is seen through: what listens on its port has to say the folder's id.
 * @returns undefined when none runs.
 */
export async function findBroker(edges: FindEdges, folder: string): Promise<BrokerFile | undefined> {
  const content = readBrokerFile(edges.files, folder);
  if (!content) return undefined;
  const clusterId = await probeBroker(edges.network, edges.clock, content.host, content.port);
  return clusterId === content.clusterId ? content : undefined;
}
