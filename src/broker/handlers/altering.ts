import { errorCodes } from '../../wire/error-codes.js';
import type { Broker } from '../broker.js';
import { type AdminResult, no } from '../topic-admin.js';

/** A thing whose settings are changed. */
interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

const TOPIC = 2;
const BROKER = 4;

/** Resources that stand more than once in a request, as `type/name`. */
export function findTwice(resources: readonly Resource[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { resourceType, resourceName } of resources) {
    const key = `${resourceType}/${resourceName}`;
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return twice;
}

/** Changes the settings of one resource and says what came of it, in the form both alter APIs share. */
export async function alterResource(
  broker: Broker,
  resource: Resource,
  twice: ReadonlySet<string>,
  validateOnly: boolean,
  change: (current: ReadonlyMap<string, string>) => AdminResult<Map<string, string>>,
) {
  const { resourceType, resourceName } = resource;
  const result = twice.has(`${resourceType}/${resourceName}`)
    ? no('INVALID_REQUEST', 'Each resource must appear at most once.')
    : await alter(broker, resource, validateOnly, change);
  return {
    resourceType,
    resourceName,
    errorCode: result.ok ? errorCodes.NONE : errorCodes[result.error],
    errorMessage: result.ok ? null : result.message,
  };
}

async function alter(
  broker: Broker,
  { resourceType, resourceName }: Resource,
  validateOnly: boolean,
  change: (current: ReadonlyMap<string, string>) => AdminResult<Map<string, string>>,
): Promise<AdminResult> {
  if (resourceType === BROKER) {
    return no('INVALID_REQUEST', 'settings of this broker are chosen at its start: streamctl broker start --help');
  }
  if (resourceType !== TOPIC) return no('INVALID_REQUEST', `Unsupported resource type: ${resourceType}`);
  const topic = broker.topics.byName(resourceName);
  if (!topic) return no('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic.');
  return broker.admin.configure(topic.id, change, validateOnly);
}
