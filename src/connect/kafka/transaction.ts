import { assert } from '../../base/assert.js';
import type { ResponseOf } from '../../wire/api.js';
import { addPartitionsToTxnApi } from '../../wire/apis/24-add-partitions-to-txn.js';
import { addOffsetsToTxnApi } from '../../wire/apis/25-add-offsets-to-txn.js';
import { endTxnApi } from '../../wire/apis/26-end-txn.js';
import { txnOffsetCommitApi } from '../../wire/apis/28-txn-offset-commit.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { KafkaClient } from './client.js';
import type { CommitOffset, GroupIdentity } from './interfaces.js';
import type { PartitionQueue } from './partition-queue.js';
import type { ProducerIdentity } from './producer-id.js';

/** Transactions of the first kind (KIP-98): partitions are added by request, the epoch changes only by a new login. */
const VERSIONS = { addPartitions: 3, addOffsets: 3, endTransaction: 4, commitOffsets: 4 } as const;

/** One producer's transactions, one after the other. */
export class Transaction {
  readonly #client: KafkaClient;
  readonly #id: string;
  readonly #identity: ProducerIdentity;
  readonly #partitions = new Set<PartitionQueue>();
  readonly #toAdd = new Set<PartitionQueue>();
  #adding: Promise<void> | undefined;
  #open = false;
  #used = false;

  constructor(client: KafkaClient, id: string, identity: ProducerIdentity) {
    this.#client = client;
    this.#id = id;
    this.#identity = identity;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  begin(): void {
    assert(!this.#open, 'a transaction begins while another is open');
    this.#open = true;
    this.#used = false;
  }

  /** Whether the partition may be written to; if not, it is added, and `then` called when it may, or `failed`. */
  admits(queue: PartitionQueue, then: () => void, failed: (error: Error) => void): boolean {
    if (queue.inTransaction) return true;
    this.#toAdd.add(queue);
    this.#adding ??= this.#add().then(then, failed);
    return false;
  }

  async #add(): Promise<void> {
    // What other partitions ask for in the same turn goes into one request.
    await Promise.resolve();
    const queues = [...this.#toAdd];
    this.#toAdd.clear();
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of queues) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
    try {
      await this.#client.call(
        addPartitionsToTxnApi,
        {
          v3AndBelowTransactionalId: this.#id,
          v3AndBelowProducerId: this.#identity.id,
          v3AndBelowProducerEpoch: this.#identity.epoch,
          v3AndBelowTopics: [...topics].map(([name, partitions]) => ({ name, partitions })),
        },
        { transaction: this.#id },
        {
          what: `cannot add partitions to the transaction of "${this.#id}"`,
          maxVersion: VERSIONS.addPartitions,
          errorOf: reasonOf,
        },
      );
    } finally {
      this.#adding = undefined;
    }
    for (const queue of queues) {
      queue.inTransaction = true;
      this.#partitions.add(queue);
    }
    this.#used = true;
  }

  /** Makes the consumed offsets part of the transaction. @throws KafkaFailure */
  async sendOffsets(offsets: readonly CommitOffset[], group: GroupIdentity): Promise<void> {
    const { id: producerId, epoch: producerEpoch } = this.#identity;
    await this.#client.call(
      addOffsetsToTxnApi,
      { transactionalId: this.#id, producerId, producerEpoch, groupId: group.groupId },
      { transaction: this.#id },
      {
        what: `cannot add group "${group.groupId}" to the transaction of "${this.#id}"`,
        maxVersion: VERSIONS.addOffsets,
        errorOf: (response) => response.errorCode,
      },
    );
    this.#used = true;
    await this.#client.call(
      txnOffsetCommitApi,
      {
        transactionalId: this.#id,
        groupId: group.groupId,
        producerId,
        producerEpoch,
        generationId: group.generation,
        memberId: group.memberId,
        groupInstanceId: group.instanceId,
        topics: offsetTopics(offsets),
      },
      { group: group.groupId },
      {
        what: `cannot commit the offsets of group "${group.groupId}"`,
        maxVersion: VERSIONS.commitOffsets,
        errorOf: (response) =>
          response.topics.flatMap((topic) => topic.partitions).find((partition) => partition.errorCode !== 0)
            ?.errorCode ?? 0,
      },
    );
  }

  /** Ends the open transaction; all its records must be acknowledged. @throws KafkaFailure */
  async end(committed: boolean): Promise<void> {
    assert(this.#open, 'a transaction ends that was not begun');
    if (this.#used) {
      await this.#client.call(
        endTxnApi,
        {
          transactionalId: this.#id,
          producerId: this.#identity.id,
          producerEpoch: this.#identity.epoch,
          committed,
        },
        { transaction: this.#id },
        {
          what: `cannot ${committed ? 'commit' : 'abort'} the transaction of "${this.#id}"`,
          maxVersion: VERSIONS.endTransaction,
          errorOf: (response) => response.errorCode,
        },
      );
    }
    for (const queue of this.#partitions) queue.inTransaction = false;
    this.#partitions.clear();
    this.#open = false;
  }
}

/** Why partitions were not added: what was only left undone because of others is not the reason. */
function reasonOf({ resultsByTopicV3AndBelow }: ResponseOf<typeof addPartitionsToTxnApi>): number {
  const codes = resultsByTopicV3AndBelow
    .flatMap((topic) => topic.resultsByPartition)
    .map(({ partitionErrorCode }) => partitionErrorCode)
    .filter((code) => code !== 0);
  return codes.find((code) => code !== errorCodes.OPERATION_NOT_ATTEMPTED) ?? codes[0] ?? 0;
}

function offsetTopics(offsets: readonly CommitOffset[]) {
  const topics = new Map<
    string,
    { partitionIndex: number; committedOffset: bigint; committedLeaderEpoch: number; committedMetadata: string }[]
  >();
  for (const { topic, partition, offset, metadata, leaderEpoch } of offsets) {
    const entry = {
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? '',
    };
    topics.set(topic, [...(topics.get(topic) ?? []), entry]);
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
