import type { StreamctlError } from '../../base/errors.js';
import { errorCodes } from '../../wire/error-codes.js';
import { openAdmin } from './admin.js';
import type { KafkaClient } from './client.js';
import { KafkaFailure } from './kafka-failure.js';

/** A topic that has to be there. */
export interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Left out: the broker's default. */
  readonly replicas?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/**
 * Makes the topics that do not exist yet; those that do stay as they are.
 * @returns the names of those that were made.
 * @throws KafkaFailure for the first one that cannot be made.
 */
export async function createMissingTopics(client: KafkaClient, topics: readonly WantedTopic[]): Promise<string[]> {
  const existing = await client.cluster(topics.map(({ name }) => name));
  const known = new Set(existing.topics.map(({ name }) => name));
  const missing = topics.filter(({ name }) => !known.has(name));
  if (missing.length === 0) return [];
  const admin = openAdmin(client);
  const results = await admin.createTopics(
    missing.map(({ name, partitions, replicas, configs }) => ({
      name,
      partitions,
      replicas: replicas ?? -1,
      ...(configs ? { configs } : {}),
    })),
  );
  await admin.close();
  const made: string[] = [];
  for (const { name, errorCode, message } of results) {
    if (errorCode === 0) made.push(name);
    // Somebody else may have been faster.
    else if (errorCode !== errorCodes.TOPIC_ALREADY_EXISTS) throw cannotMake(name, errorCode, message);
  }
  return made;
}

function cannotMake(name: string, code: number, message: string | null): StreamctlError {
  return new KafkaFailure(`cannot create topic "${name}"`, code, message);
}
