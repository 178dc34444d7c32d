// Behavior:
// * Partitions can only become more. Manual assignments are taken when they name the one node.
// * A topic that stands twice in one request is INVALID_REQUEST.
//
// Version notes:
// * v0 to v1 alike; v2 flexible; v3 throttling by quota, which is not there

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { createPartitionsApi } from '../../wire/apis/37-create-partitions.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';
import { type AdminResult, no } from '../topic-admin.js';

type Request = RequestOf<typeof createPartitionsApi>;
type Response = ResponseInputOf<typeof createPartitionsApi>;

/** Answers CreatePartitions. */
export const createPartitionsHandler = defineHandler(
  createPartitionsApi,
  async ({ broker }, request): Promise<Response> => {
    const results: Response['results'][number][] = [];
    const counts = new Map<string, number>();
    for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const wanted of request.topics) {
      const result =
        counts.get(wanted.name)! > 1
          ? no('INVALID_REQUEST', 'Duplicate topic in request.')
          : await extend(broker, wanted, request.validateOnly);
      results.push({
        name: wanted.name,
        errorCode: result.ok ? errorCodes.NONE : errorCodes[result.error],
        errorMessage: result.ok ? null : result.message,
      });
    }
    return { results };
  },
);

async function extend(broker: Broker, wanted: Request['topics'][number], validateOnly: boolean): Promise<AdminResult> {
  const topic = broker.topics.byName(wanted.name);
  if (!topic) return no('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic.');
  const checked = broker.admin.checkPartitions(topic, wanted.count);
  if (!checked.ok) return checked;
  const { assignments } = wanted;
  if (assignments) {
    const added = wanted.count - topic.partitions.length;
    const here = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === broker.nodeId);
    if (assignments.length !== added || !here) {
      const why = `${added} new partition(s) need one assignment each, to broker ${broker.nodeId}`;
      return no('INVALID_REPLICA_ASSIGNMENT', why);
    }
  }
  return validateOnly ? checked : broker.admin.extend(topic, wanted.count);
}
