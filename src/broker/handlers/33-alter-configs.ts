// Behavior:
// * Replaces everything that is set for a topic; what is not named goes back to its default (which is why clients moved
//   on to IncrementalAlterConfigs).
// * Settings of the broker are chosen at its start: INVALID_REQUEST.
//
// Version notes:
// * v0 to v1 alike; v2 flexible

import type { ResponseInputOf } from '../../wire/api.js';
import { alterConfigsApi } from '../../wire/apis/33-alter-configs.js';
import { defineHandler } from '../handler.js';
import { no } from '../topic-admin.js';
import { alterResource, findTwice } from './altering.js';

type Response = ResponseInputOf<typeof alterConfigsApi>;

/** Answers AlterConfigs. */
export const alterConfigsHandler = defineHandler(alterConfigsApi, async ({ broker }, request): Promise<Response> => {
  const twice = findTwice(request.resources);
  const responses = request.resources.map((resource) =>
    alterResource(broker, resource, twice, request.validateOnly, () => {
      const configs = new Map<string, string>();
      for (const { name, value } of resource.configs) {
        if (value === null) return no('INVALID_REQUEST', `Null value not supported for : ${name}`);
        configs.set(name, value);
      }
      return { ok: true, value: configs };
    }),
  );
  return { responses: await Promise.all(responses) };
});
