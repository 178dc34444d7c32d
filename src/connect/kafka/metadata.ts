import type { ResponseOf } from '../../wire/api.js';
import type { metadataApi } from '../../wire/apis/03-metadata.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { BrokerAddress, ClusterInfo, TopicInfo } from './interfaces.js';
import { KafkaFailure } from './kafka-failure.js';

/** Bound of the topics remembered; the oldest ones go first. */
const MAX_CACHED_TOPICS = 10_000;

/** The cluster as a metadata answer shows it; topics that do not exist are left out. @throws KafkaFailure */
export function clusterOf(response: ResponseOf<typeof metadataApi>): ClusterInfo {
  const topics: TopicInfo[] = [];
  for (const topic of response.topics) {
    if (topic.errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue;
    if (topic.errorCode !== 0 && topic.errorCode !== errorCodes.LEADER_NOT_AVAILABLE) {
      throw new KafkaFailure(`cannot read topic "${topic.name ?? ''}"`, topic.errorCode);
    }
    const partitions = topic.partitions.map((partition) => ({
      partition: partition.partitionIndex,
      leader: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      replicas: partition.replicaNodes,
      inSync: partition.isrNodes,
      offline: partition.offlineReplicas,
      errorCode: partition.errorCode,
    }));
    partitions.sort((a, b) => a.partition - b.partition);
    topics.push({ name: topic.name ?? '', topicId: topic.topicId, internal: topic.isInternal, partitions });
  }
  return {
    clusterId: response.clusterId,
    controllerId: response.controllerId,
    brokers: response.brokers.map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack })),
    topics: topics.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** What is known of the cluster, with the time it was learnt. */
export class MetadataCache {
  /** Addresses by broker id. */
  readonly brokers = new Map<number, BrokerAddress>();
  controllerId = -1;
  readonly #topics = new Map<string, { readonly info: TopicInfo; readonly readAt: number }>();

  /** Remembers an answer read at `readAt` (monotonic ms). Topics without partitions are asked for again. */
  take(cluster: ClusterInfo, readAt: number): void {
    this.controllerId = cluster.controllerId;
    for (const { id, host, port } of cluster.brokers) this.brokers.set(id, { host, port });
    for (const info of cluster.topics) {
      this.#topics.delete(info.name);
      if (info.partitions.length > 0) this.#topics.set(info.name, { info, readAt });
    }
    for (const name of this.#topics.keys()) {
      if (this.#topics.size <= MAX_CACHED_TOPICS) break;
      this.#topics.delete(name);
    }
  }

  /** A topic that was read at or after `since`, with leaders for all its partitions. */
  topic(name: string, since: number): TopicInfo | undefined {
    const info = this.#read(name, since);
    return info?.partitions.every(({ leader }) => leader >= 0) ? info : undefined;
  }

  /** The leader of a partition, whether or not others of the topic have one. */
  leader(name: string, partition: number, since: number): number | undefined {
    const leader = this.#read(name, since)?.partitions[partition]?.leader ?? -1;
    return leader < 0 ? undefined : leader;
  }

  #read(name: string, since: number): TopicInfo | undefined {
    const entry = this.#topics.get(name);
    return entry && entry.readAt >= since ? entry.info : undefined;
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }
}
