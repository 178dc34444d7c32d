import { requireGroup } from './shared/broker/group-lag.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';
import { confirm } from './shared/frame/confirm.js';
import { eachItem } from './shared/frame/each-item.js';

/** `groups delete` */
export const groupsDelete = defineCommand({
  path: 'groups delete',
  summary: 'delete groups with their offsets',
  description: 'A group that has members cannot be deleted: end them first.',
  arguments: [{ name: 'group', variadic: true, help: 'groups' }],
  flags: {},
  examples: [{ line: 'streamctl groups delete old-app -y', note: 'without being asked' }],
  exits: [0, 2, 3, 6],
  resultSchema: {
    type: 'object',
    properties: {
      groups: {
        type: 'array',
        items: {
          type: 'object',
          properties: { groupId: { type: 'string' }, status: { type: 'string' } },
          required: ['groupId', 'status'],
        },
      },
    },
    required: ['groups'],
  },
  mutating: true,
  async run(context, { args }) {
    return withClient(context, async (client) => {
      const { deleteGroup } = await import('../connect/kafka/group-admin.js');
      await confirm(context, `delete ${args.group.join(', ')} with all committed offsets?`);
      const { done, failures } = await eachItem(args.group, async (groupId) => {
        await requireGroup(client, groupId);
        if (!context.dryRun) await deleteGroup(client, groupId);
        return { groupId, status: context.dryRun ? 'would be deleted' : 'deleted' };
      });
      return {
        result: { groups: done },
        view: {
          kind: 'table',
          columns: [{ key: 'group' }, { key: 'status' }],
          rows: done.map(({ groupId, status }) => [groupId, status]),
        },
        failures,
        succeeded: done.length,
      };
    });
  },
});
