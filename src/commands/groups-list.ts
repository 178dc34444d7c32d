import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';

/** `groups list` */
export const groupsList = defineCommand({
  path: 'groups list',
  summary: 'list consumer groups',
  arguments: [],
  flags: {},
  examples: [{ line: 'streamctl groups list', note: 'names and states' }],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: {
      groups: {
        type: 'array',
        items: {
          type: 'object',
          properties: { groupId: { type: 'string' }, protocolType: { type: 'string' }, state: { type: 'string' } },
          required: ['groupId', 'protocolType', 'state'],
        },
      },
    },
    required: ['groups'],
  },
  async run(context) {
    return withClient(context, async (client) => {
      const { listGroups } = await import('../connect/kafka/group-admin.js');
      const groups = await listGroups(client);
      return {
        result: { groups },
        view: {
          kind: 'table',
          columns: [{ key: 'group' }, { key: 'state' }, { key: 'type', wide: true }],
          rows: groups.map(({ groupId, state, protocolType }) => [groupId, state, protocolType]),
          empty: 'no groups',
        },
      };
    });
  },
});
