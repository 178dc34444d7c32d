// Behavior:
// * The topic is gone for every other request as soon as this one is checked; the answer leaves when its journal entry
//   is durable and its folder removed.
// * Waiting fetches wake up and learn that the topic does not exist; groups forget its offsets.
//
// Version notes:
// * v1 throttle time
// * v4 flexible
// * v5 error message
// * v6 topics by name or id

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { deleteTopicsApi } from '../../wire/apis/20-delete-topics.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ZERO_UUID } from '../../wire/uuid.js';
import type { Broker } from '../broker.js';
import { defineHandler } from '../handler.js';

type Request = RequestOf<typeof deleteTopicsApi>;
type Response = ResponseInputOf<typeof deleteTopicsApi>;
type TopicAnswer = Response['responses'][number];

const BY_STATE_VERSION = 6;

/** Answers DeleteTopics. */
export const deleteTopicsHandler = defineHandler(
  deleteTopicsApi,
  async ({ broker, version }, request): Promise<Response> => {
    const wanted =
      version >= BY_STATE_VERSION
        ? request.topics
        : request.topicNames.map((name) => ({ name: name as string | null, topicId: ZERO_UUID }));
    return { responses: await Promise.all(wanted.map((topic) => remove(broker, topic))) };
  },
);

async function remove(broker: Broker, wanted: Request['topics'][number]): Promise<TopicAnswer> {
  const { name, topicId } = wanted;
  if (name !== null && topicId !== ZERO_UUID) {
    return {
      name,
      topicId,
      errorCode: errorCodes.INVALID_REQUEST,
      errorMessage: 'You may not specify both topic name and topic id.',
    };
  }
  const topic = name === null ? broker.topics.byId(topicId) : broker.topics.byName(name);
  if (!topic) {
    const errorCode = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return { name, topicId, errorCode, errorMessage: 'This server does not host this topic.' };
  }
  await broker.admin.delete(topic);
  return { name: topic.name, topicId: topic.id, errorCode: errorCodes.NONE };
}
