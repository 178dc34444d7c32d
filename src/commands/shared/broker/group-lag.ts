import { StreamctlError } from '../../../base/errors.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { DescribedGroup } from '../../../connect/kafka/group-admin.js';

/** Where a group stands in one partition. */
export interface GroupPosition {
  readonly topic: string;
  readonly partition: number;
  /** Null when nothing was committed. */
  readonly offset: number | null;
  readonly endOffset: number;
  /** From the committed offset, or from the start where there is none, to the end. */
  readonly lag: number;
  readonly memberId: string | null;
}

/** Committed offsets and assigned partitions of a group with their lag, by topic and partition. */
export async function groupPositions(client: KafkaClient, group: DescribedGroup): Promise<readonly GroupPosition[]> {
  const [{ committedOffsets }, { listOffsets }] = await Promise.all([
    import('../../../connect/kafka/offsets.js'),
    import('../../../connect/kafka/list-offsets.js'),
  ]);
  const committed = await committedOffsets(client, group.groupId);
  const owners = new Map<string, string>();
  for (const { memberId, assignment } of group.members) {
    for (const { topic, partition } of assignment) owners.set(`${topic}/${partition}`, memberId);
  }
  const known = new Map(committed.map((offset) => [`${offset.topic}/${offset.partition}`, offset.offset]));
  const existing = new Set((await client.cluster()).topics.map(({ name }) => name));
  const partitions = [...new Set([...known.keys(), ...owners.keys()])]
    .map((name) => {
      const at = name.lastIndexOf('/');
      return { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) };
    })
    .filter(({ topic }) => existing.has(topic))
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  const [starts, ends] = await Promise.all([
    listOffsets(client, partitions, 'start'),
    listOffsets(client, partitions, 'end'),
  ]);
  return partitions.map(({ topic, partition }, index) => {
    const offset = known.get(`${topic}/${partition}`) ?? null;
    const endOffset = ends[index]!.offset;
    const from = offset ?? starts[index]!.offset;
    return {
      topic,
      partition,
      offset,
      endOffset,
      lag: Math.max(0, endOffset - from),
      memberId: owners.get(`${topic}/${partition}`) ?? null,
    };
  });
}

/**
 * A group that exists.
 * @throws `not-found` with the nearest name.
 */
export async function requireGroup(client: KafkaClient, groupId: string): Promise<DescribedGroup> {
  const { describeGroup, listGroups } = await import('../../../connect/kafka/group-admin.js');
  const group = await describeGroup(client, groupId);
  if (group.state !== 'Dead') return group;
  const { didYouMean } = await import('../../../plan/did-you-mean.js');
  const names = (await listGroups(client)).map((listed) => listed.groupId);
  const near = didYouMean(groupId, names);
  throw new StreamctlError('not-found', `group "${groupId}" does not exist`, {
    detail: names.length === 0 ? 'the broker knows no groups' : `the broker knows ${names.slice(0, 10).join(', ')}`,
    hint: near ? `did you mean ${near}?` : 'streamctl groups list',
  });
}

/** Schema of {@link GroupPosition}. */
export const POSITION_SCHEMA = {
  type: 'object',
  properties: {
    topic: { type: 'string' },
    partition: { type: 'number' },
    offset: { type: ['number', 'null'] },
    endOffset: { type: 'number' },
    lag: { type: 'number' },
    memberId: { type: ['string', 'null'] },
  },
  required: ['topic', 'partition', 'offset', 'endOffset', 'lag', 'memberId'],
} as const;
