import type {
  ClientEdges,
  ClientSettings,
  ClusterInfo,
  CommitOffset,
  FetchedRecords,
  GroupIdentity,
  GroupPlace,
  HeaderPairs,
  TopicInfo,
  TopicPartition,
  TopicPartitionOffset,
} from './interfaces.js';

/** Connections to a cluster, its metadata, and retried requests. Implemented by `KafkaClient` of client.ts. */
export interface Client {
  readonly settings: ClientSettings;
  readonly edges: ClientEdges;
  /**
   * Reads the cluster afresh: `undefined` for all topics, `[]` for none. Topics that do not exist are left out.
   * @throws `broker-unreachable`
   */
  cluster(topics?: readonly string[]): Promise<ClusterInfo>;
  /**
   * One topic from the cache, read when it is missing or old.
   * @throws `not-found` with the names that exist as detail.
   */
  topic(name: string): Promise<TopicInfo>;
  close(): Promise<void>;
}

/** Sends records as bytes. Implemented by `RecordProducer` of producer.ts. */
export interface Producer {
  /**
   * Copies one record into its partition's batch and returns at once.
   * @param partition `undefined`: murmur2 of the key, or, without a key, one partition after the other per batch.
   * @param timestampMs epoch milliseconds; negative means now.
   * @param tag a number of the caller's, given back by `onAcknowledged`.
   * @returns false when the buffer is full: await `ready()` before the next record.
   * @throws the error that a former batch of this producer ended with.
   */
  append(
    topic: string,
    partition: number | undefined,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers?: HeaderPairs,
    timestampMs?: number,
    tag?: number,
  ): boolean;
  /** Must be awaited once per topic before its first `append`. @throws `not-found` */
  prepare(topic: string): Promise<TopicInfo>;
  /** Resolves when there is room. */
  ready(): Promise<void>;
  /** Resolves when everything appended is acknowledged. @throws what the first failed batch ended with. */
  flush(): Promise<void>;
  /** Flushes and releases; `abandon` drops what is not sent. */
  close(abandon?: boolean): Promise<void>;

  /** Starts a transaction; with `transactionalId` only. */
  begin(): void;
  /** Adds consumed offsets to the open transaction. */
  sendOffsets(offsets: readonly CommitOffset[], group: GroupIdentity): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** Reads raw batches of assigned partitions. Implemented by `PartitionFetcher` of fetcher.ts. */
export interface Fetcher {
  /** Adds partitions, or moves them when they are there already. */
  assign(partitions: readonly TopicPartitionOffset[]): void;
  /** Takes partitions away; what was fetched of them is dropped. */
  remove(partitions: readonly TopicPartition[]): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** The next batches of any partition; undefined after `timeoutMs`, after `wake`, or when closed. */
  next(timeoutMs: number): Promise<FetchedRecords | undefined>;
  /** Nobody looks at the bytes of what `next` gave any more: their array is used again. Not to say so costs memory only. */
  release(records: FetchedRecords): void;
  /** Makes a pending `next` return. */
  wake(): void;
  /** The offset after what `next` gave out. */
  position(partition: TopicPartition): number | undefined;
  /**
   * The end as of the last answer: high watermark, or last stable offset under read_committed. Undefined before the
   * first answer. A partition is caught up when its position has reached it.
   */
  endOffset(partition: TopicPartition): number | undefined;
  assignment(): readonly TopicPartition[];
  close(): Promise<void>;
}

/** Membership of a consumer group. Implemented by `GroupMember` of group.ts; joins, beats and rejoins by itself. */
export interface Group {
  /** Joins; resolves when the first assignment was handed to `assigned`. */
  start(): Promise<void>;
  /** Undefined while the member is outside of a generation. */
  identity(): GroupIdentity | undefined;
  assignment(): readonly TopicPartition[];
  /** With the assignor `places` only, while the member is in a generation. */
  place(): GroupPlace | undefined;
  /** Committed offsets with their metadata; partitions without one are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly CommitOffset[]>;
  /** @throws `conflict` when the member was fenced out meanwhile. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
  /** Hands back all partitions (`revoked` is called) and leaves the group. */
  leave(): Promise<void>;
}
