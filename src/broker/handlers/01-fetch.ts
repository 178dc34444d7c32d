// Behavior:
// * Whole batches as they lie on the disk, one read of consecutive ones per partition; nothing is decoded.
// * Waits until `minBytes` are there, an error has to be told, or `maxWaitMs` is over; partitions wake the request.
// * Where waiting fetches name too many partitions (`waitingPartitions`), another is answered at once.
// * The first partition with records gets at least one batch even when it is larger than the bounds asked for (KIP-74);
//   the whole answer is bounded by `fetchBytes`, whatever the client asks for.
// * read_committed readers get nothing behind the last stable offset, and the list of aborted transactions.
// * Fetch sessions are not kept: every answer says session 0, which clients take as "send everything each time".
//
// Version notes:
// * v4 isolation level, last stable offset, aborted transactions
// * v5 log start offset
// * v7 sessions (KIP-227)
// * v9 leader epoch of the client, checked
// * v10 zstd
// * v11 rack of the client
// * v12 flexible; null records make librdkafka fail: empty ones are sent
// * v13 topic ids in place of names
// * v15 replica state as tagged field, v16 node addresses, v17 directory ids, v18 high watermark: for followers

import { StreamctlError } from '../../base/errors.js';
import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { fetchApi } from '../../wire/apis/01-fetch.js';
import { errorCodes } from '../../wire/error-codes.js';
import { LEADER_EPOCH } from '../batch-framing.js';
import type { Broker } from '../broker.js';
import { defineHandler, type HandlerContext } from '../handler.js';
import type { PartitionLog } from '../partition-log.js';

type Request = RequestOf<typeof fetchApi>;
type Response = ResponseInputOf<typeof fetchApi>;
type TopicAnswer = Response['responses'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];
type Wanted = Request['topics'][number]['partitions'][number];

const TOPIC_IDS_VERSION = 13;
const READ_COMMITTED = 1;
const NO_RECORDS = new Uint8Array(0);

/** Answers Fetch. */
export const fetchHandler = defineHandler(fetchApi, (context, request) => {
  if (request.sessionId !== 0 && request.sessionEpoch > 0) {
    return { errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, responses: [] };
  }
  const first = collect(context, request);
  const waitMs = Math.min(request.maxWaitMs, context.broker.settings.limits.fetchWaitMs);
  if (first.urgent || first.bytes >= request.minBytes || waitMs <= 0) return first.response;
  const { bytes, partitions } = first;
  if ((waiting.get(context.broker) ?? 0) + partitions.length > context.broker.settings.limits.waitingPartitions) {
    return first.response;
  }
  giveBack(context, first);
  return new Promise<Response>((resolve) => wait(context, request, { bytes, partitions }, waitMs, resolve));
});

/** Partitions that the waiting fetches of each broker name: their requests stay in memory. */
const waiting = new WeakMap<Broker, number>();

function countWaiting(broker: Broker, partitions: number): void {
  waiting.set(broker, (waiting.get(broker) ?? 0) + partitions);
}

interface Collected {
  readonly response: Response;
  readonly bytes: number;
  /** There is something that must be told at once. */
  readonly urgent: boolean;
  readonly partitions: readonly PartitionLog[];
}

function wait(
  context: HandlerContext,
  request: Request,
  first: Pick<Collected, 'bytes' | 'partitions'>,
  waitMs: number,
  resolve: (response: Response) => void,
): void {
  const { clock } = context.broker.edges;
  const committed = request.isolationLevel === READ_COMMITTED;
  const undo: (() => void)[] = [];
  const finish = (ready = collect(context, request)): void => {
    for (const action of undo.splice(0)) action();
    resolve(ready.response);
  };
  const written = (): number => first.partitions.reduce((sum, partition) => sum + partition.visibleBytes, 0);
  const before = written();
  // Bytes are estimated by what was written since, so that a long wait for many bytes costs no reads.
  const check = (): void => {
    const gone = first.partitions.some((partition) => partition.gone);
    // The end of a transaction shows readers of committed records what was written long ago: that has to be looked at.
    const seen = committed ? collect(context, request) : undefined;
    const bytes = seen?.bytes ?? first.bytes + written() - before;
    if (gone || bytes >= request.minBytes) finish(seen);
    else if (seen) giveBack(context, seen);
  };
  const timer = clock.after(waitMs, () => finish());
  countWaiting(context.broker, first.partitions.length);
  undo.push(
    () => countWaiting(context.broker, -first.partitions.length),
    () => timer.cancel(),
    context.peer.onClose(() => finish()),
  );
  for (const partition of first.partitions) undo.push(partition.watch(check));
}

/** What was read is not sent: its arrays are free again. */
function giveBack({ arrays }: HandlerContext, { response }: Collected): void {
  for (const { partitions } of response.responses) {
    for (const { records } of partitions) if (records) arrays.give(records as Uint8Array);
  }
}

function collect(context: HandlerContext, request: Request): Collected {
  const partitions: PartitionLog[] = [];
  let left = Math.min(request.maxBytes, context.broker.settings.limits.fetchBytes, context.answerRoom());
  let bytes = 0;
  let urgent = request.topics.length === 0;
  const responses = request.topics.map((wanted): TopicAnswer => {
    const byId = context.version >= TOPIC_IDS_VERSION;
    const { topics } = context.broker;
    const topic = byId ? topics.byId(wanted.topicId) : topics.byName(wanted.topic);
    const answers = wanted.partitions.map((want): PartitionAnswer => {
      const partition = topic?.partitions[want.partition];
      if (!partition) {
        urgent = true;
        const unknownId = byId && !topic;
        return failure(want, unknownId ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
      }
      partitions.push(partition);
      const answer = readPartition(
        context,
        partition,
        want,
        request.isolationLevel === READ_COMMITTED,
        left,
        bytes === 0,
      );
      if (answer.errorCode !== errorCodes.NONE) urgent = true;
      const size = (answer.records as Uint8Array).length;
      bytes += size;
      left -= size;
      return answer;
    });
    return { topic: wanted.topic, topicId: wanted.topicId, partitions: answers };
  });
  return { response: { responses }, bytes, urgent, partitions };
}

function readPartition(
  context: HandlerContext,
  partition: PartitionLog,
  want: Wanted,
  committed: boolean,
  left: number,
  atLeastOne: boolean,
): PartitionAnswer {
  if (want.currentLeaderEpoch > LEADER_EPOCH) return failure(want, errorCodes.UNKNOWN_LEADER_EPOCH);
  try {
    const from = Number(want.fetchOffset);
    const { logStart, logEnd, highWatermark } = partition;
    const lastStable = partition.lastStable;
    const limit = committed ? lastStable : highWatermark;
    const facts = {
      partitionIndex: want.partition,
      highWatermark: BigInt(highWatermark),
      lastStableOffset: BigInt(lastStable),
      logStartOffset: BigInt(logStart),
    };
    if (from < logStart || from > logEnd) {
      const errorCode = errorCodes.OFFSET_OUT_OF_RANGE;
      return { ...facts, errorCode, abortedTransactions: committed ? [] : null, records: NO_RECORDS };
    }
    const maxBytes = Math.min(want.partitionMaxBytes, left);
    const none = maxBytes <= 0 && !atLeastOne;
    const slice = none
      ? { bytes: NO_RECORDS, next: from }
      : partition.read(from, maxBytes, limit, atLeastOne, context.arrays);
    return {
      ...facts,
      errorCode: errorCodes.NONE,
      abortedTransactions: committed ? aborted(partition, from, slice.next) : null,
      records: slice.bytes,
    };
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return failure(want, error.code === 'log-corrupt' ? errorCodes.CORRUPT_MESSAGE : errorCodes.KAFKA_STORAGE_ERROR);
  }
}

function aborted(partition: PartitionLog, from: number, next: number) {
  return partition.abortedBetween(from, next).map(({ producerId, firstOffset }) => ({
    producerId: BigInt(producerId),
    firstOffset: BigInt(firstOffset),
  }));
}

function failure(want: Wanted, errorCode: number): PartitionAnswer {
  return {
    partitionIndex: want.partition,
    errorCode,
    highWatermark: -1n,
    abortedTransactions: null,
    records: NO_RECORDS,
  };
}
