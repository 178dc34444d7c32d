import type { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import type { ConfigEntry, TopicInfo } from '../connect/kafka/interfaces.js';
import type { View } from '../ui/output/view.js';
import { withAdmin } from './shared/broker/kafka.js';
import { chooseTopics } from './shared/broker/topic-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { topicNames } from './shared/settings/names.js';

/** What `topics describe` tells of one topic. */
interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: readonly number[];
    readonly inSync: readonly number[];
    readonly startOffset: number | null;
    readonly endOffset: number | null;
  }[];
  readonly configs: readonly Pick<ConfigEntry, 'name' | 'value' | 'source'>[];
}

/** `topics describe` */
export const topicsDescribe = defineCommand({
  path: 'topics describe',
  summary: 'show partitions, offsets and settings of topics',
  arguments: [{ name: 'name', variadic: true, help: 'topics' }],
  flags: { regex: { type: 'boolean', help: 'names are regular expressions' } },
  examples: [
    { line: 'streamctl topics describe readings', note: 'partitions with their offsets, settings that were changed' },
    { line: 'streamctl topics describe readings --output wide', note: 'all settings' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: {
    type: 'object',
    properties: {
      topics: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            id: { type: 'string' },
            partitions: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  partition: { type: 'number' },
                  leader: { type: 'number' },
                  replicas: { type: 'array', items: { type: 'number' } },
                  inSync: { type: 'array', items: { type: 'number' } },
                  startOffset: { type: ['number', 'null'] },
                  endOffset: { type: ['number', 'null'] },
                },
              },
            },
            configs: {
              type: 'array',
              items: {
                type: 'object',
                properties: {
                  name: { type: 'string' },
                  value: { type: ['string', 'null'] },
                  source: { type: 'string', enum: ['topic', 'broker', 'default', 'unknown'] },
                },
              },
            },
          },
          required: ['name', 'id', 'partitions', 'configs'],
        },
      },
    },
    required: ['topics'],
  },
  async run(context, { args, flags }) {
    const names = flags.regex ? args.name : topicNames(args.name);
    return withAdmin(context, async (admin, client) => {
      const { chosen, unknown } = chooseTopics(names, flags.regex, (await client.cluster()).topics);
      const configs = chosen.length > 0 ? await admin.describeTopicConfigs(chosen.map(({ name }) => name)) : new Map();
      const topics: TopicDescription[] = [];
      for (const topic of chosen) topics.push(await describe(client, topic, configs.get(topic.name) ?? []));
      return {
        result: { topics },
        view: { kind: 'sections', sections: topics.flatMap((topic) => sections(topic, context.output === 'wide')) },
        failures: unknown as readonly StreamctlError[],
        succeeded: topics.length,
      };
    });
  },
});

async function describe(
  client: KafkaClient,
  topic: TopicInfo,
  configs: readonly ConfigEntry[],
): Promise<TopicDescription> {
  const { listOffsets } = await import('../connect/kafka/list-offsets.js');
  const reachable = topic.partitions
    .filter(({ leader }) => leader >= 0)
    .map(({ partition }) => ({ topic: topic.name, partition }));
  const [starts, ends] = await Promise.all([
    listOffsets(client, reachable, 'start'),
    listOffsets(client, reachable, 'end', 'read_uncommitted'),
  ]);
  return {
    name: topic.name,
    id: topic.topicId,
    partitions: topic.partitions.map(({ partition, leader, replicas, inSync }) => ({
      partition,
      leader,
      replicas,
      inSync,
      startOffset: starts.find((start) => start.partition === partition)?.offset ?? null,
      endOffset: ends.find((end) => end.partition === partition)?.offset ?? null,
    })),
    configs: configs.map(({ name, value, source, sensitive }) => ({ name, value: sensitive ? null : value, source })),
  };
}

function sections(topic: TopicDescription, all: boolean): { readonly title?: string; readonly view: View }[] {
  const records = topic.partitions.reduce((sum, one) => sum + (one.endOffset ?? 0) - (one.startOffset ?? 0), 0);
  const shown = topic.configs.filter(({ source }) => all || source === 'topic');
  return [
    {
      title: topic.name,
      view: {
        kind: 'details',
        entries: [
          ['id', topic.id],
          ['partitions', topic.partitions.length],
          ['replicas', topic.partitions[0]?.replicas.length ?? 0],
          ['offsets in use', records],
          ...shown.map(({ name, value }) => [name, value ?? ''] as const),
        ],
      },
    },
    {
      view: {
        kind: 'table',
        columns: [
          { key: 'partition' },
          { key: 'leader' },
          { key: 'replicas', align: 'right' },
          { key: 'inSync', title: 'IN SYNC', align: 'right' },
          { key: 'startOffset', title: 'START' },
          { key: 'endOffset', title: 'END' },
        ],
        rows: topic.partitions.map((one) => [
          one.partition,
          one.leader,
          one.replicas.join(','),
          one.inSync.join(','),
          one.startOffset,
          one.endOffset,
        ]),
      },
    },
  ];
}
