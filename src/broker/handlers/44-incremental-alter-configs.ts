// Behavior:
// * Changes the settings that are named and leaves the others: set, delete (back to the default), append to a list,
//   subtract from a list.
// * One wrong value refuses all changes of its resource.
// * Settings of the broker are chosen at its start: INVALID_REQUEST.
//
// Version notes:
// * v1 flexible

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { incrementalAlterConfigsApi } from '../../wire/apis/44-incremental-alter-configs.js';
import { defineHandler } from '../handler.js';
import { type AdminResult, no } from '../topic-admin.js';
import { TOPIC_CONFIGS } from '../topic-configs.js';
import { alterResource, findTwice } from './altering.js';

type Request = RequestOf<typeof incrementalAlterConfigsApi>;
type Response = ResponseInputOf<typeof incrementalAlterConfigsApi>;
type Change = Request['resources'][number]['configs'][number];

const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

/** Answers IncrementalAlterConfigs. */
export const incrementalAlterConfigsHandler = defineHandler(
  incrementalAlterConfigsApi,
  async ({ broker }, request): Promise<Response> => {
    const twice = findTwice(request.resources);
    const responses = request.resources.map((resource) =>
      alterResource(broker, resource, twice, request.validateOnly, (current) => changed(current, resource.configs)),
    );
    return { responses: await Promise.all(responses) };
  },
);

function changed(current: ReadonlyMap<string, string>, changes: readonly Change[]): AdminResult<Map<string, string>> {
  const configs = new Map(current);
  const seen = new Set<string>();
  for (const { name, configOperation, value } of changes) {
    if (seen.has(name)) return no('INVALID_REQUEST', `Error due to duplicate config keys: ${name}`);
    seen.add(name);
    const row = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined;
    if (configOperation === DELETE) {
      if (!row) return no('INVALID_CONFIG', `Unknown topic config name: ${name}`);
      configs.delete(name);
      continue;
    }
    if (value === null) return no('INVALID_REQUEST', `Null value not supported for : ${name}`);
    if (configOperation === SET) {
      configs.set(name, value);
      continue;
    }
    if (configOperation !== APPEND && configOperation !== SUBTRACT) {
      return no('INVALID_REQUEST', `Unknown operation ${configOperation} for : ${name}`);
    }
    if (row?.type !== 'list') return no('INVALID_CONFIG', `Config value append is not allowed for config key: ${name}`);
    const items = new Set((configs.get(name) ?? row.fallback).split(',').filter((item) => item !== ''));
    for (const item of value.split(',')) {
      if (configOperation === APPEND) items.add(item.trim());
      else items.delete(item.trim());
    }
    configs.set(name, [...items].join(','));
  }
  return { ok: true, value: configs };
}
