import { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import type { TopicPartition, TopicPartitionOffset } from '../connect/kafka/interfaces.js';
import { groupPositions } from './shared/broker/group-lag.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand, type Input } from './shared/frame/command.js';
import { resolvePositions } from './shared/records/offset-positions.js';
import { parseOffsetRange } from './shared/records/offset-range.js';
import { partitionsOf, readPartitions } from './shared/records/partitions.js';

const flags = {
  to: { type: 'string', placeholder: 'OFFSET', help: 'start, end, 42, +10, -10, @-1h, @2022-02-14T10:00Z' },
  toGroup: { type: 'string', placeholder: 'GROUP', help: 'the offsets of another group' },
  topic: {
    type: 'list',
    short: 't',
    separator: ',',
    placeholder: 'TOPIC,...',
    help: 'topics; those of the group when left out',
  },
  partition: { type: 'list', short: 'p', separator: ',', placeholder: 'N,...', help: 'partitions; all when left out' },
} as const;
const args = [{ name: 'group', help: 'a group without members' }] as const;
type SeekInput = Input<typeof flags, typeof args>;

/** `groups seek` */
export const groupsSeek = defineCommand({
  path: 'groups seek',
  summary: 'move the offsets of a group',
  description: 'Prints what would change; -y does it.',
  arguments: args,
  flags,
  examples: [
    { line: 'streamctl groups seek app --to start', note: 'what reading all again would mean' },
    { line: 'streamctl groups seek app --to @-1h -t orders -y', note: 'moves one topic an hour back' },
  ],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: {
      groupId: { type: 'string' },
      applied: { type: 'boolean' },
      positions: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            topic: { type: 'string' },
            partition: { type: 'number' },
            from: { type: ['number', 'null'] },
            to: { type: 'number' },
          },
          required: ['topic', 'partition', 'from', 'to'],
        },
      },
    },
    required: ['groupId', 'applied', 'positions'],
  },
  mutating: true,
  async run(context, input) {
    return withClient(context, async (client) => {
      const { describeGroup, setGroupOffsets } = await import('../connect/kafka/group-admin.js');
      const { group: groupId } = input.args;
      const group = await describeGroup(client, groupId);
      const before = await groupPositions(client, group);
      const wanted = await wantedOffsets(
        client,
        input,
        [...new Set(before.map(({ topic }) => topic))],
        context.clock.now(),
      );
      const positions = wanted.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        from: before.find((one) => one.topic === topic && one.partition === partition)?.offset ?? null,
        to: offset,
      }));
      const isApplied = context.yes && !context.dryRun;
      if (isApplied && group.members.length > 0) {
        throw new StreamctlError('conflict', `group "${groupId}" has ${group.members.length} members`, {
          hint: 'end them first: they would overwrite the offsets',
        });
      }
      if (isApplied) await setGroupOffsets(client, groupId, wanted);
      else context.note('nothing changed: -y does it');
      return {
        result: { groupId, applied: isApplied, positions },
        view: {
          kind: 'table',
          columns: [{ key: 'topic' }, { key: 'partition' }, { key: 'from' }, { key: 'to' }],
          rows: positions.map(({ topic, partition, from, to }) => [topic, partition, from, to]),
        },
      };
    });
  },
});

async function wantedOffsets(
  client: KafkaClient,
  input: SeekInput,
  ownTopics: readonly string[],
  nowMs: number,
): Promise<readonly TopicPartitionOffset[]> {
  const {
    flags: given,
    args: { group },
  } = input;
  if ((given.to === undefined) === (given.toGroup === undefined)) {
    throw new StreamctlError('usage', 'give either --to or --to-group', {
      hint: `streamctl groups seek ${group} --to start`,
    });
  }
  const numbers = readPartitions(given.partition, input.given('partition'));
  if (given.topic.length === 0 && input.given('topic')) {
    throw new StreamctlError('usage', '-t names no topic', { hint: 'leave -t out for the topics of the group' });
  }
  if (given.toGroup !== undefined) {
    const { committedOffsets } = await import('../connect/kafka/offsets.js');
    const offsets = await committedOffsets(client, given.toGroup);
    const isWanted = ({ topic, partition }: TopicPartition): boolean =>
      (given.topic.length === 0 || given.topic.includes(topic)) && (numbers?.includes(partition) ?? true);
    const found = offsets.filter(isWanted).map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    if (found.length > 0) return found;
    throw new StreamctlError('not-found', `group "${given.toGroup}" has committed nothing there`);
  }
  const topics = given.topic.length > 0 ? given.topic : ownTopics;
  if (topics.length === 0) {
    throw new StreamctlError('not-found', `group "${group}" has committed nothing yet`, {
      hint: 'name the topics with -t',
    });
  }
  const partitions: TopicPartition[] = [];
  for (const topic of topics) partitions.push(...partitionsOf(await client.topic(topic), numbers));
  const range = parseOffsetRange(given.to!, nowMs);
  if (range.to) throw new StreamctlError('usage', '--to takes one offset, not a range');
  return resolvePositions(client, partitions, range.from);
}
