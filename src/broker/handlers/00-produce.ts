// Behavior:
// * One batch of format 2 per partition; its bytes go to the log as they came, only base offset and leader epoch are
//   set. The checksum is verified once, here.
// * acks=-1 is answered when the records are on the disk (under `--fsync always`), acks=1 when they are written,
//   acks=0 never; an error under acks=0 closes the connection, as Kafka does, so that the client asks for metadata anew.
// * Idempotent producers: a batch among the last five is answered with its first offset again, a gap in the sequence is
//   OUT_OF_ORDER_SEQUENCE_NUMBER, an old epoch INVALID_PRODUCER_EPOCH; sequence numbers wrap at 2^31.
// * Batches of a transaction are admitted by the transaction coordinator first.
//
// Version notes:
// * v3 transactional id; record batches of format 2 (older versions are not served)
// * v5 log start offset in the answer
// * v7 zstd (UNSUPPORTED_COMPRESSION_TYPE before)
// * v8 positions of refused records and a message
// * v9 flexible
// * v10 current leader, with the addresses of nodes (never needed here: one node)
// * v12 adds the partition to the transaction by itself (KIP-890)
// * v13 topic ids in place of names

import { StreamctlError } from '../../base/errors.js';
import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { produceApi } from '../../wire/apis/00-produce.js';
import { errorCodes, type KafkaErrorName, kafkaError } from '../../wire/error-codes.js';
import { type BatchHeader, compressionOf, isTransactional } from '../../wire/record-batch.js';
import { defineHandler, type HandlerContext } from '../handler.js';
import type { Admitted, Appended, PartitionLog } from '../partition-log.js';
import type { StoredTopic } from '../topic-store.js';
import { admitProduce } from '../transactions/produce-admission.js';

type Request = RequestOf<typeof produceApi>;
type Response = ResponseInputOf<typeof produceApi>;
type TopicAnswer = Response['responses'][number];
type PartitionAnswer = TopicAnswer['partitionResponses'][number];

const TOPIC_IDS_VERSION = 13;
const ZSTD_VERSION = 7;

/** Answers Produce. */
export const produceHandler = defineHandler(produceApi, (context, request) => {
  const waits: Promise<void>[] = [];
  let failed: KafkaErrorName | undefined;
  const responses = request.topicData.map((data): TopicAnswer => {
    const topic = findTopic(context, data);
    const partitionResponses = data.partitionData.map((part): PartitionAnswer => {
      const appended = append(context, request, topic, part);
      if (appended.error !== 'NONE') failed ??= appended.error;
      if (appended.durable && request.acks === -1) waits.push(appended.durable);
      return answer(part.index, appended, topic?.partitions[part.index]);
    });
    return { name: data.name, topicId: data.topicId, partitionResponses };
  });
  if (request.acks === 0) {
    if (failed) throw new StreamctlError('broker-refused', `${failed} for records that want no answer`);
    return undefined;
  }
  return waits.length === 0 ? { responses } : afterAll(waits, { responses });
});

/** Made in a function of its own: a closure of the handler would keep the records in memory until the disk has them. */
function afterAll(waits: readonly Promise<void>[], response: Response): Promise<Response> {
  return (waits.length === 1 ? waits[0]! : Promise.all(waits)).then(() => response);
}

function findTopic(context: HandlerContext, data: Request['topicData'][number]): StoredTopic | undefined {
  const { topics } = context.broker;
  return context.version >= TOPIC_IDS_VERSION ? topics.byId(data.topicId) : topics.byName(data.name);
}

function append(
  context: HandlerContext,
  request: Request,
  topic: StoredTopic | undefined,
  part: Request['topicData'][number]['partitionData'][number],
): Appended {
  if (request.acks < -1 || request.acks > 1) return refused('INVALID_REQUIRED_ACKS');
  const partition = topic?.partitions[part.index];
  if (!partition) {
    return refused(!topic && context.version >= TOPIC_IDS_VERSION ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION');
  }
  try {
    return partition.append(part.records, (header) => admit(context, request, partition, header));
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return refused(error.code === 'not-found' ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'KAFKA_STORAGE_ERROR', error.message);
  }
}

const ADMITTED: Admitted = {};

/** Asks the transaction coordinator whether a batch of a transaction may become part of it. */
function admit(context: HandlerContext, request: Request, partition: PartitionLog, header: BatchHeader): Admitted {
  if (context.version < ZSTD_VERSION && compressionOf(header) === 'zstd') {
    const message = `Produce requests with version ${context.version} are not allowed to use ZStandard compression`;
    return { refusal: { error: 'UNSUPPORTED_COMPRESSION_TYPE', message } };
  }
  if (!isTransactional(header)) return ADMITTED;
  const batch = {
    transactionalId: request.transactionalId ?? '',
    producerId: header.producerId,
    epoch: header.producerEpoch,
    topicId: partition.topicId,
    partition: partition.index,
  };
  const { errorCode, durable } = admitProduce(context.broker.transactions, batch, context.version);
  if (errorCode === errorCodes.NONE) return durable ? { durable } : ADMITTED;
  const { name, summary } = kafkaError(errorCode);
  return { refusal: { error: name as KafkaErrorName, message: summary } };
}

function refused(error: KafkaErrorName, message?: string): Appended {
  const appended = { error, baseOffset: -1, appendTimeMs: -1 };
  return message === undefined ? appended : { ...appended, refusal: { error, message } };
}

function answer(index: number, appended: Appended, partition: PartitionLog | undefined): PartitionAnswer {
  const written = appended.error === 'NONE' && partition !== undefined;
  return {
    index,
    errorCode: errorCodes[appended.error],
    baseOffset: BigInt(appended.baseOffset),
    logAppendTimeMs: BigInt(appended.appendTimeMs),
    logStartOffset: written ? BigInt(partition.logStart) : -1n,
    recordErrors: (appended.refusal?.records ?? []).map((batchIndex) => ({ batchIndex })),
    errorMessage: appended.refusal?.message ?? null,
  };
}
