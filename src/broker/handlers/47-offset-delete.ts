import { offsetDeleteApi } from '../../wire/apis/47-offset-delete.js';
import { defineHandler } from '../handler.js';

/** OffsetDelete: offsets of partitions go that no member consumes; others are GROUP_SUBSCRIBED_TO_TOPIC. */
export const offsetDelete = defineHandler(offsetDeleteApi, ({ broker }, request) =>
  broker.groups.offsets.delete(request),
);
