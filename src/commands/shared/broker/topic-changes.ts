import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { Admin, NewTopic } from '../../../connect/kafka/interfaces.js';
import type { Context } from '../frame/context.js';
import { asMap } from '../settings/settings.js';
import { BROKER_DEFAULT } from './topic-flags.js';

const TOPIC_KEYS = ['name', 'partitions', 'replicas', 'config'];

/** What has to be done so that a topic is as the file says. */
export interface TopicChange {
  readonly topic: NewTopic;
  readonly kind: 'create' | 'alter' | 'none';
  /** New number of partitions. */
  readonly partitions: number | undefined;
  readonly configs: readonly { readonly name: string; readonly from: string | null; readonly to: string }[];
  /** What cannot be done, such as fewer partitions. */
  readonly impossible: string | undefined;
}

/**
 * Reads `topics: [{ name, partitions, replicas, config }]` from a YAML or JSON file.
 * @throws `not-found`, `usage` naming the entry.
 */
export async function readTopicsFile(context: Context, path: string): Promise<readonly NewTopic[]> {
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(fromUtf8(context.files.readFile(context.resolvePath(path))));
  } catch (cause) {
    if (cause instanceof StreamctlError) throw cause;
    throw new StreamctlError('usage', `${path} is not YAML`, { detail: (cause as Error).message, cause });
  }
  const list = Array.isArray(document) ? document : asMap(document).topics;
  if (!Array.isArray(list)) {
    throw new StreamctlError('usage', `${path} holds no list of topics`, {
      hint: 'topics: [{ name: readings, partitions: 3, config: { retention.ms: 86400000 } }]',
    });
  }
  return list.map((entry, index) => readEntry(entry, `${path}, topic ${index + 1}`));
}

function readEntry(entry: unknown, place: string): NewTopic {
  const map = typeof entry === 'string' ? { name: entry } : asMap(entry);
  for (const key of Object.keys(map)) {
    if (!TOPIC_KEYS.includes(key)) {
      throw new StreamctlError('usage', `${place}: unknown key "${key}"`, { hint: `it has ${TOPIC_KEYS.join(', ')}` });
    }
  }
  const { name, partitions, replicas, config } = map as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') throw new StreamctlError('usage', `${place} has no name`);
  return {
    name,
    partitions: count(partitions, `${place}: partitions`),
    replicas: count(replicas, `${place}: replicas`),
    configs: Object.fromEntries(Object.entries(asMap(config)).map(([key, value]) => [key, String(value)])),
  };
}

function count(value: unknown, place: string): number {
  if (value === undefined || value === null) return BROKER_DEFAULT;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new StreamctlError('usage', `${place} must be a whole number above 0`);
}

/** Compares what the file says with what is there. Settings that the file does not name are left alone. */
export async function topicChanges(
  admin: Admin,
  client: KafkaClient,
  topics: readonly NewTopic[],
): Promise<readonly TopicChange[]> {
  const present = (await client.cluster(topics.map(({ name }) => name))).topics;
  const configs = present.length === 0 ? new Map() : await admin.describeTopicConfigs(present.map(({ name }) => name));
  return topics.map((topic): TopicChange => {
    const found = present.find(({ name }) => name === topic.name);
    if (!found) return { topic, kind: 'create', partitions: undefined, configs: [], impossible: undefined };
    const current = new Map<string, string | null>(
      (configs.get(topic.name) ?? []).map((entry: { name: string; value: string | null }) => [entry.name, entry.value]),
    );
    const changed = Object.entries(topic.configs ?? {})
      .filter(([name, to]) => current.get(name) !== to)
      .map(([name, to]) => ({ name, from: current.get(name) ?? null, to }));
    const has = found.partitions.length;
    const isMore = topic.partitions > has;
    return {
      topic,
      kind: isMore || changed.length > 0 ? 'alter' : 'none',
      partitions: isMore ? topic.partitions : undefined,
      configs: changed,
      impossible:
        topic.partitions !== BROKER_DEFAULT && topic.partitions < has
          ? `it has ${has} partitions, and they cannot become ${topic.partitions}`
          : undefined,
    };
  });
}

/** A change in words: `partitions to 6, retention.ms 1000 -> 2000`. */
export function changeText(change: TopicChange): string {
  if (change.kind === 'create') return 'create';
  const parts = [
    ...(change.partitions === undefined ? [] : [`partitions to ${change.partitions}`]),
    ...change.configs.map(({ name, from, to }) => `${name} ${from ?? 'unset'} -> ${to}`),
    ...(change.impossible === undefined ? [] : [change.impossible]),
  ];
  return parts.join(', ') || 'as it should be';
}
