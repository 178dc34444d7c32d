import type { Compression, CompressionName, Crypto } from '../../base/codec-interfaces.js';
import type { Network, TlsOptions } from '../../base/network.js';
import type { Random } from '../../base/random.js';
import type { Clock } from '../../base/time.js';

/** The outside world of a Kafka client. */
export interface ClientEdges {
  readonly clock: Clock;
  readonly network: Network;
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly random: Random;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export type SaslMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

export interface SaslSettings {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

/** How to reach a cluster; made by `readClientSettings` of settings.ts from `--brokers` and `-X`. */
export interface ClientSettings {
  readonly brokers: readonly BrokerAddress[];
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslSettings;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long a retriable failure is retried before it is reported. */
  readonly retryTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  /** Settings of `-X` for the producer and consumer: read by their own options. */
  readonly properties: Readonly<Record<string, string>>;
}

/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Offsets are numbers above wire/: no partition ever reaches 2^53. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}

export interface BrokerInfo {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionInfo {
  readonly partition: number;
  /** Broker id, -1 when there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
  readonly offline: readonly number[];
  /** Kafka error code of this partition, 0 for none. */
  readonly errorCode: number;
}

export interface TopicInfo {
  readonly name: string;
  /** 22-character base64url uuid; all `A` when the broker has none. */
  readonly topicId: string;
  readonly internal: boolean;
  /** In order of their number. */
  readonly partitions: readonly PartitionInfo[];
}

export interface ClusterInfo {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly BrokerInfo[];
  readonly topics: readonly TopicInfo[];
}

/** Where a request goes. */
export type Target =
  | 'any'
  | 'controller'
  | { readonly broker: number }
  | { readonly leader: TopicPartition }
  | { readonly group: string }
  | { readonly transaction: string };

/** Told when a batch was acknowledged: records `[baseOffset, baseOffset + count)` of the partition. */
export interface Acknowledged extends TopicPartition {
  readonly baseOffset: number;
  readonly count: number;
  /** The `tag` given to the batch's last record, e.g. a row number; 0 when none was given. */
  readonly lastTag: number;
}

export interface ProducerOptions {
  /** Kafka's `acks`: -1 all, 1 leader, 0 none. Default -1. */
  readonly acks?: -1 | 0 | 1;
  /** Sequence numbers, so that a retry is never written twice. Default true with acks -1. */
  readonly idempotent?: boolean;
  /** How long a batch that is not full waits for more. Default 5. */
  readonly lingerMs?: number;
  /** A batch is sent when it holds this many bytes. Default 1 MB less a margin under the broker's message limit. */
  readonly batchBytes?: number;
  /** Bound of what is waiting or in flight. Default 32 MB. */
  readonly bufferBytes?: number;
  readonly compression?: CompressionName;
  /** Requests in flight per broker, at most 5 when idempotent. Default 5. */
  readonly maxInFlight?: number;
  /** How long a record may wait for its acknowledgement before `flush` fails. Default 120 s. */
  readonly deliveryTimeoutMs?: number;
  readonly onAcknowledged?: (batch: Acknowledged) => void;
  /** Told once when sending begins to fail in a way that is tried again. */
  readonly onTrouble?: (error: Error) => void;
  /** Makes every record part of a transaction between `begin` and `commit` or `abort`. */
  readonly transactionalId?: string;
  readonly transactionTimeoutMs?: number;
}

/** Headers of a record: pairs in order, or `rawHeaders` of producer.ts for bytes built once and used many times. */
export type HeaderPairs = readonly (readonly [name: string, value: Uint8Array | null])[];

/** Whole record batches of one partition as the broker sent them. */
export interface FetchedRecords extends TopicPartition {
  /** Batches v2 back to back, a view into the network buffer; a cut-off last batch is already removed. */
  readonly records: Uint8Array;
  /** The first offset that was asked for: earlier records of the first batch are to be skipped. */
  readonly fromOffset: number;
  /** One past the last offset that the batches cover. */
  readonly nextOffset: number;
  readonly highWatermark: number;
  /** Equal to `highWatermark` where no transaction is open. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Transactions to be skipped under read_committed, by first offset. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[];
}

export interface FetcherOptions {
  /** How long the broker may wait for data. Default 500. */
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  /** Bound of one answer. Default 8 MB. */
  readonly maxBytes?: number;
  /** Bound per partition of one answer. Default 1 MB. */
  readonly maxPartitionBytes?: number;
  /** Bound of what is fetched ahead and not taken yet. Default 8 MB. */
  readonly prefetchBytes?: number;
  /** Default `read_committed`. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  /** Where to go when the wanted offset does not exist any more. Default `fail`. */
  readonly onOffsetGone?: 'earliest' | 'latest' | 'fail';
}

/** What a group tells its owner; each is awaited before the group goes on. */
export interface GroupHandlers {
  /** These partitions are the member's from now on (only the added ones when assignment is cooperative). */
  assigned(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** These are taken away; they can still be committed inside this call. */
  revoked(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** These are gone already: another member may own them, commits would fail. */
  lost(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** The group cannot go on. */
  failed(error: Error): void;
}

export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Keeps the partitions of a member over a restart. */
  readonly instanceId?: string;
  /** Whether a member with an `instanceId` gives its place up when it leaves. Default: it keeps it for its session. */
  readonly leavesForGood?: boolean;
  /** Joins again as this member, whose connection was lost: nobody has to wait for its session to time out. */
  readonly memberId?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /**
   * In order of preference. Default `['cooperative-sticky', 'range']`. `places`: all partitions are given up at each
   * rebalance, and every member learns its place among the others, see {@link GroupPlace}.
   */
  readonly assignors?: readonly ('range' | 'cooperative-sticky' | 'places')[];
  /** Handed to the leader's assignor and, with `places`, to other members. */
  readonly userData?: Uint8Array;
}

/** Where a member stands in a group that assigns `places`. */
export interface GroupPlace {
  /** From 0. */
  readonly place: number;
  /** What each member has said of itself, by place; there are as many members. */
  readonly userData: readonly (Uint8Array | null)[];
}

/** What transactional offset commits need to know of a member. */
export interface GroupIdentity {
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string | null;
}

export interface CommitOffset extends TopicPartitionOffset {
  readonly metadata?: string;
  readonly leaderEpoch?: number;
}

export interface NewTopic {
  readonly name: string;
  /** -1 takes the broker's default. */
  readonly partitions: number;
  readonly replicas: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** What became of one item of an admin call. */
export interface AdminResult {
  readonly name: string;
  /** Kafka error code, 0 for done. */
  readonly errorCode: number;
  /** Kafka's name of the code: `NONE`, `TOPIC_ALREADY_EXISTS`. */
  readonly error: string;
  readonly message: string | null;
}

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  /** Where the value comes from: `topic`, `broker`, `default`. */
  readonly source: 'topic' | 'broker' | 'default' | 'unknown';
}

export type TopicConfigChange = { readonly name: string } & (
  | { readonly set: string }
  | { readonly remove: true }
  | { readonly append: string }
  | { readonly subtract: string }
);

/** Topic administration. Made by `openAdmin` of admin.ts. */
export interface Admin {
  createTopics(topics: readonly NewTopic[], options?: { readonly validateOnly?: boolean }): Promise<AdminResult[]>;
  deleteTopics(names: readonly string[]): Promise<AdminResult[]>;
  /** Raises the number of partitions to `count`. */
  createPartitions(name: string, count: number, options?: { readonly validateOnly?: boolean }): Promise<AdminResult>;
  describeTopicConfigs(names: readonly string[]): Promise<ReadonlyMap<string, readonly ConfigEntry[]>>;
  /** Changes only the named entries. */
  alterTopicConfigs(
    name: string,
    changes: readonly TopicConfigChange[],
    options?: { readonly validateOnly?: boolean },
  ): Promise<AdminResult>;
  /** Deletes the records before these offsets; -1 means up to the high watermark. */
  deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<(AdminResult & { readonly lowWatermark: number })[]>;
  close(): Promise<void>;
}
