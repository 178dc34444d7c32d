import type { Compression, Crypto } from '../base/codec-interfaces.js';
import type { FileSystem } from '../base/files.js';
import type { Network } from '../base/network.js';
import type { Clock } from '../base/time.js';
import type { GroupCoordinator } from './groups/group-coordinator.js';
import type { Journal } from './journal.js';
import type { TopicRegistry } from './topics.js';
import type { TransactionCoordinator } from './transactions/transaction-coordinator.js';

/** The outside world of a broker. */
export interface BrokerEdges {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: Network;
  readonly crypto: Crypto;
  readonly compression: Compression;
}

/**
 * What handlers and coordinators share: one value per running broker, made in `start-broker.ts`.
 * Coordinators (groups, transactions) are constructed with the parts they need and stand here for the handlers.
 */
export interface Broker {
  readonly edges: BrokerEdges;
  /** Always 0: one node. */
  readonly nodeId: number;
  /** 22-character id of the data folder. */
  readonly clusterId: string;
  /** Where clients are told to connect. */
  readonly host: string;
  readonly port: number;
  readonly journal: Journal;
  readonly topics: TopicRegistry;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
}
