import { StreamctlError } from '../../../base/errors.js';
import type { AdminResult, TopicInfo } from '../../../connect/kafka/interfaces.js';
import { KafkaFailure } from '../../../connect/kafka/kafka-failure.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { namePattern } from '../settings/names.js';

/** The broker's own default for partitions or replicas. */
export const BROKER_DEFAULT = -1;

/**
 * Reads `-c key=value` texts.
 * @throws `usage` for a text without `=`.
 */
export function readConfigs(texts: readonly string[]): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0) {
      throw new StreamctlError('usage', `-c "${text}" is not key=value`, {
        hint: 'for example -c retention.ms=86400000',
      });
    }
    configs[text.slice(0, at).trim()] = text.slice(at + 1).trim();
  }
  return configs;
}

/** The error of one item of an admin call. */
export function adminError(what: string, result: AdminResult): StreamctlError {
  return new KafkaFailure(what, result.errorCode, result.message);
}

/**
 * Chooses topics by names, or by patterns that must each match something.
 * @returns the chosen topics, and an error for each name that is unknown.
 */
export function chooseTopics(
  names: readonly string[],
  isPattern: boolean,
  topics: readonly TopicInfo[],
): { readonly chosen: readonly TopicInfo[]; readonly unknown: readonly StreamctlError[] } {
  const chosen = new Map<string, TopicInfo>();
  const unknown: StreamctlError[] = [];
  for (const name of names) {
    const pattern = isPattern ? namePattern(name) : undefined;
    const found = topics.filter((topic) =>
      pattern ? pattern.test(topic.name) && !topic.internal : topic.name === name,
    );
    for (const topic of found) chosen.set(topic.name, topic);
    if (found.length === 0) unknown.push(unknownTopic(name, topics, isPattern));
  }
  return { chosen: [...chosen.values()], unknown };
}

function unknownTopic(name: string, topics: readonly TopicInfo[], isPattern: boolean): StreamctlError {
  const names = topics.filter(({ internal }) => !internal).map((topic) => topic.name);
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? ', ...' : '');
  const near = didYouMean(name, names);
  return new StreamctlError('not-found', isPattern ? `no topic matches "${name}"` : `topic "${name}" does not exist`, {
    detail: `the broker knows ${names.length === 0 ? 'no topics' : shown}`,
    hint: near && !isPattern ? `did you mean ${near}?` : 'streamctl topics list',
  });
}

/** Schema of a list of topics with what became of each. */
export const TOPIC_STATUS_SCHEMA = {
  type: 'object',
  properties: {
    topics: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          status: { type: 'string', description: 'what was done, would be done, or failed' },
          message: { type: ['string', 'null'], description: 'why it failed' },
        },
        required: ['name', 'status', 'message'],
      },
    },
  },
  required: ['topics'],
} as const;

/** What became of one topic. */
export interface TopicStatus {
  readonly name: string;
  readonly status: string;
  readonly message: string | null;
}
