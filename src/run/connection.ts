import type { Client, Fetcher, Group, Producer } from '../connect/kafka/contracts.js';
import type {
  CommitOffset,
  FetcherOptions,
  GroupHandlers,
  GroupOptions,
  ProducerOptions,
  TopicPartition,
  TopicPartitionOffset,
} from '../connect/kafka/interfaces.js';
import type { OffsetAt } from '../connect/kafka/list-offsets.js';
import type { TopicSpec } from '../plan/plan.js';

/** Everything a run asks of a cluster, over one set of connections. Opened by `openConnection` of open-connection.ts. */
export interface Connection {
  readonly client: Client;
  producer(options: ProducerOptions): Producer;
  fetcher(options: FetcherOptions): Fetcher;
  group(options: GroupOptions, handlers: GroupHandlers): Group;
  /** Where a time lies behind the last record, the offset is the end. @throws `broker-unreachable`, `not-found` */
  offsets(partitions: readonly TopicPartition[], at: OffsetAt): Promise<readonly TopicPartitionOffset[]>;
  /** The ends of partitions, with what is still inside of open transactions. @throws as {@link offsets} */
  ends(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /** Ends whatever transaction is open under this id, and shuts its owner out. @throws `broker-refused` */
  fence(transactionalId: string): Promise<void>;
  /** Deletes the records before these offsets. @throws `broker-refused` */
  deleteBefore(offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Offsets that a group has committed; partitions without one are left out. */
  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly CommitOffset[]>;
  /** Commits offsets for a group without being its member; refused while it has members. @throws `broker-refused` */
  commit(groupId: string, offsets: readonly CommitOffset[]): Promise<void>;
  /** Partition numbers of a topic, in order. @throws `not-found` */
  partitions(topic: string): Promise<readonly number[]>;
  /** Makes the topics that are missing; gives back their names. @throws `broker-refused` */
  createMissing(topics: readonly TopicSpec[]): Promise<readonly string[]>;
  /** Closes the connections; producers, fetchers and groups are closed by whoever opened them, before. */
  close(): Promise<void>;
}
