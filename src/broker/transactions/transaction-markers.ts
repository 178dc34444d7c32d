import type { Partition } from '../partition.js';
import type { TransactionPartition, TransactionState } from './transaction-state.js';

/** The part of a topic that transactions touch. */
export interface TransactionTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly Pick<Partition, 'index' | 'appendMarker' | 'openTransaction' | 'openTransactions'>[];
}

/** The topics of the broker as transactions see them. */
export interface TransactionTopics {
  byName(name: string): TransactionTopic | undefined;
  byId(id: string): TransactionTopic | undefined;
  list(): readonly TransactionTopic[];
}

/** One node: the coordinator never moves. */
const COORDINATOR_EPOCH = 0;

/** Notes where the transaction begins in each of its partitions; null where it wrote nothing, or the topic is gone. */
export function withFirstOffsets(
  topics: TransactionTopics,
  state: TransactionState,
  producerId: number,
): TransactionState {
  const partitions = state.partitions.map(([topicId, index]): TransactionPartition => {
    return [topicId, index, topics.byId(topicId)?.partitions[index]?.openTransaction(producerId) ?? null];
  });
  return { ...state, partitions };
}

/**
 * Writes the markers of a prepared transaction that are not written yet; resolves when all of them are durable.
 * Partitions without records of it need none, so that doing this twice (recovery does) changes nothing.
 */
export async function writeMarkers(topics: TransactionTopics, state: TransactionState): Promise<void> {
  const { producerId } = state;
  const marker = {
    producerId,
    producerEpoch: state.epoch,
    commit: state.status === 'PrepareCommit',
    coordinatorEpoch: COORDINATOR_EPOCH,
    version: state.version,
  };
  const written = state.partitions.map(async ([topicId, index]) => {
    const partition = topics.byId(topicId)?.partitions[index];
    if (partition?.openTransaction(producerId) === undefined) return;
    // `fenced`: a newer epoch of the same producer is writing there already, and has ended this transaction.
    await partition.appendMarker(marker);
  });
  await Promise.all(written);
}

/**
 * Partitions that hold records of open transactions, by producer id. After a restart they complete what the journal
 * knows: a record may be on the disk whose transaction's entry is not.
 */
export function openPartitions(topics: TransactionTopics): Map<number, TransactionPartition[]> {
  const found = new Map<number, TransactionPartition[]>();
  for (const topic of topics.list()) {
    for (const partition of topic.partitions) {
      for (const { producerId, firstOffset } of partition.openTransactions()) {
        const partitions = found.get(producerId) ?? [];
        partitions.push([topic.id, partition.index, firstOffset]);
        found.set(producerId, partitions);
      }
    }
  }
  return found;
}

/** Aborts what is open of producers that no transactional id knows of; readers would wait for their end for ever. */
export async function abortOrphans(
  topics: TransactionTopics,
  isKnown: (producerId: number) => boolean,
): Promise<number> {
  const written: Promise<unknown>[] = [];
  for (const topic of topics.list()) {
    for (const partition of topic.partitions) {
      for (const { producerId, producerEpoch } of partition.openTransactions()) {
        if (isKnown(producerId)) continue;
        const marker = {
          producerId,
          producerEpoch,
          commit: false,
          coordinatorEpoch: COORDINATOR_EPOCH,
          version: 1,
        } as const;
        written.push(partition.appendMarker(marker));
      }
    }
  }
  await Promise.all(written);
  return written.length;
}
