import type { KafkaClient } from '../connect/kafka/client.js';
import type { View } from '../ui/output/view.js';
import { type GroupPosition, groupPositions, POSITION_SCHEMA, requireGroup } from './shared/broker/group-lag.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';
import { eachItem } from './shared/frame/each-item.js';

/** `groups describe` */
export const groupsDescribe = defineCommand({
  path: 'groups describe',
  summary: 'show members, offsets and lag of groups',
  arguments: [{ name: 'group', variadic: true, help: 'groups' }],
  flags: {},
  examples: [
    { line: 'streamctl groups describe streamctl-cars', note: 'how far a pipeline is behind' },
    { line: 'streamctl groups describe g --json', note: 'the sum of the lag is result.groups[0].lag' },
  ],
  exits: [0, 2, 3, 6],
  resultSchema: {
    type: 'object',
    properties: {
      groups: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            groupId: { type: 'string' },
            state: { type: 'string' },
            assignor: { type: 'string' },
            lag: { type: 'number' },
            members: { type: 'array', items: { type: 'object' } },
            positions: { type: 'array', items: POSITION_SCHEMA },
          },
          required: ['groupId', 'state', 'assignor', 'lag', 'members', 'positions'],
        },
      },
    },
    required: ['groups'],
  },
  async run(context, { args }) {
    return withClient(context, async (client) => {
      const { done, failures } = await eachItem(args.group, (name) => describe(client, name));
      return {
        result: { groups: done },
        view: { kind: 'sections', sections: done.flatMap(sections) },
        failures,
        succeeded: done.length,
      };
    });
  },
});

interface GroupView {
  readonly groupId: string;
  readonly state: string;
  readonly assignor: string;
  readonly lag: number;
  readonly members: readonly { readonly memberId: string; readonly clientId: string; readonly host: string }[];
  readonly positions: readonly GroupPosition[];
}

async function describe(client: KafkaClient, groupId: string): Promise<GroupView> {
  const group = await requireGroup(client, groupId);
  const positions = await groupPositions(client, group);
  return {
    groupId,
    state: group.state,
    assignor: group.assignor,
    lag: positions.reduce((sum, { lag }) => sum + lag, 0),
    members: group.members.map(({ memberId, instanceId, clientId, host }) => ({
      memberId,
      instanceId,
      clientId,
      host,
    })),
    positions,
  };
}

function sections(group: GroupView): { readonly title?: string; readonly view: View }[] {
  return [
    {
      title: group.groupId,
      view: {
        kind: 'details',
        entries: [
          ['state', group.state],
          ['assignor', group.assignor],
          ['members', group.members.length],
          ['lag', group.lag],
        ],
      },
    },
    {
      view: {
        kind: 'table',
        columns: [
          { key: 'topic' },
          { key: 'partition' },
          { key: 'offset' },
          { key: 'end' },
          { key: 'lag' },
          { key: 'member', wide: true },
        ],
        rows: group.positions.map(({ topic, partition, offset, endOffset, lag, memberId }) => [
          topic,
          partition,
          offset,
          endOffset,
          lag,
          memberId,
        ]),
      },
    },
  ];
}
