import type { Compression, Crypto } from '../base/codec-interfaces.js';
import type { FileSystem } from '../base/files.js';
import type { Network } from '../base/network.js';
import type { Clock } from '../base/time.js';
import type { SyncPolicy } from '../storage/group-commit.js';
import type { GroupCoordinator } from './groups/group-coordinator.js';
import type { Journal } from './journal.js';
import type { Limits } from './limits.js';
import type { TopicAdmin } from './topic-admin.js';
import type { TopicStore } from './topic-store.js';
import type { TransactionCoordinator } from './transactions/transaction-coordinator.js';

/** The outside world of a broker. */
export interface BrokerEdges {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly network: Network;
  readonly crypto: Crypto;
  readonly compression: Compression;
}

/** One API as ApiVersions offers it. */
export interface OfferedApi {
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** One feature of Kafka's cluster as ApiVersions shows it; `level` is the one in force. */
export interface OfferedFeature {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly level: number;
}

/** What was chosen when the broker was started. */
export interface BrokerSettings {
  readonly policy: SyncPolicy;
  readonly limits: Limits;
  /** Whether asking for the metadata of an unknown topic makes it. */
  readonly autoCreateTopics: boolean;
  /** Partitions of a topic that says none. */
  readonly defaultPartitions: number;
  /** Absolute path. */
  readonly dataFolder: string;
  /** How clients connect, as Kafka names it: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. */
  readonly securityProtocol: string;
}

/**
 * What handlers and coordinators share: one value per running broker, made in `start-broker.ts`.
 * Coordinators (groups, transactions) are constructed with the parts they need and stand here for the handlers.
 */
export interface Broker {
  readonly edges: BrokerEdges;
  readonly settings: BrokerSettings;
  /** Always 0: one node. */
  readonly nodeId: number;
  /** 22-character id of the data folder. */
  readonly clusterId: string;
  /** Where clients are told to connect. */
  readonly host: string;
  readonly port: number;
  readonly apis: readonly OfferedApi[];
  readonly features: readonly OfferedFeature[];
  readonly journal: Journal;
  readonly topics: TopicStore;
  readonly admin: TopicAdmin;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
}
