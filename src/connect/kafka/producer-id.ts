import { initProducerIdApi } from '../../wire/apis/22-init-producer-id.js';
import type { KafkaClient } from './client.js';

/** Who a producer is for the brokers. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

/** A producer that is gone, and in whose place another one goes on. */
export interface FormerProducer extends ProducerIdentity {
  /** Sequence number after its last record in a partition; 0 where it has none. */
  nextSequence(topic: string, partition: number): number;
}

/**
 * Asks for a producer id. With a transactional id the former owner is fenced and its open transaction ended.
 * @throws KafkaFailure
 */
export async function requestProducerId(
  client: KafkaClient,
  transactionalId: string | null,
  transactionTimeoutMs: number,
): Promise<ProducerIdentity> {
  const response = await client.call(
    initProducerIdApi,
    { transactionalId, transactionTimeoutMs },
    transactionalId === null ? 'any' : { transaction: transactionalId },
    {
      what:
        transactionalId === null ? 'cannot get a producer id' : `cannot begin as transactional id "${transactionalId}"`,
      errorOf: (answer) => answer.errorCode,
    },
  );
  return { id: response.producerId, epoch: response.producerEpoch };
}
