// Behavior:
// * Offsets of partitions go that no member consumes; others are GROUP_SUBSCRIBED_TO_TOPIC.

import { offsetDeleteApi } from '../../wire/apis/47-offset-delete.js';
import { defineHandler } from '../handler.js';

/** Answers OffsetDelete. */
export const offsetDeleteHandler = defineHandler(offsetDeleteApi, ({ broker }, request) =>
  broker.groups.offsets.delete(request),
);
