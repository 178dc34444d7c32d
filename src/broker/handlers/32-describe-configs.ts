// Behavior:
// * Topics: every setting of Kafka with its value here and where it comes from. Brokers: what this one was started with.
// * Groups have no settings of their own; their list is empty. Other resources are INVALID_REQUEST.
//
// Version notes:
// * v1 source of a value and its synonyms
// * v3 type and documentation
// * v4 flexible

import type { RequestOf, ResponseInputOf } from '../../wire/api.js';
import { describeConfigsApi } from '../../wire/apis/32-describe-configs.js';
import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { brokerConfigs } from '../broker-configs.js';
import { describeConfig, type EffectiveConfig, effectiveConfigs } from '../config-view.js';
import { defineHandler } from '../handler.js';
import { once } from './once.js';

type Request = RequestOf<typeof describeConfigsApi>;
type Response = ResponseInputOf<typeof describeConfigsApi>;
type Result = Response['results'][number];

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;

/** Answers DescribeConfigs. */
export const describeConfigsHandler = defineHandler(
  describeConfigsApi,
  ({ broker }, request): Response => ({
    results: once(request.resources, keyOf).map((resource) => describe(broker, resource, request)),
  }),
);

function keyOf({ resourceType, resourceName }: Request['resources'][number]): string {
  return `${resourceType} ${resourceName}`;
}

function describe(broker: Broker, resource: Request['resources'][number], request: Request): Result {
  const { resourceType, resourceName, configurationKeys } = resource;
  const base = { resourceType, resourceName, errorCode: errorCodes.NONE, errorMessage: null, configs: [] };
  const show = (configs: readonly EffectiveConfig[], readOnly: boolean): Result => ({
    ...base,
    configs: configs
      .filter(({ name }) => configurationKeys === null || configurationKeys.includes(name))
      .map((config) => describeConfig(config, readOnly, request.includeSynonyms, request.includeDocumentation)),
  });
  if (resourceType === TOPIC) {
    const topic = broker.topics.byName(resourceName);
    if (topic) return show(effectiveConfigs(topic.configs), false);
    return {
      ...base,
      errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: 'This server does not host this topic.',
    };
  }
  if (resourceType === BROKER) {
    if (resourceName === '') return base;
    if (resourceName === String(broker.nodeId)) return show(brokerConfigs(broker), true);
    const errorMessage = `Unexpected broker id, expected ${broker.nodeId}, but received ${resourceName}`;
    return { ...base, errorCode: errorCodes.INVALID_REQUEST, errorMessage };
  }
  if (resourceType === GROUP) return base;
  return { ...base, errorCode: errorCodes.INVALID_REQUEST, errorMessage: `Unsupported resource type: ${resourceType}` };
}
