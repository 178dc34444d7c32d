import { StreamctlError } from '../base/errors.js';
import type { KafkaClient } from '../connect/kafka/client.js';
import { groupPositions } from './shared/broker/group-lag.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';

/** How often the lag is asked for. */
const LOOK_MS = 250;

/** `groups wait` */
export const groupsWait = defineCommand({
  path: 'groups wait',
  summary: 'wait until a group has caught up',
  description: 'A group that does not exist yet is waited for. Give --timeout in scripts.',
  arguments: [{ name: 'group', help: 'group' }],
  flags: { lag: { type: 'number', integer: true, min: 0, default: 0, help: 'records that may be left' } },
  examples: [
    { line: 'streamctl groups wait app --lag 0 --timeout 60s', note: 'for scripts: exit 5 when it takes longer' },
  ],
  exits: [0, 2, 3, 5, 130, 143],
  resultSchema: {
    type: 'object',
    properties: { groupId: { type: 'string' }, lag: { type: 'number' }, waitedMs: { type: 'number' } },
    required: ['groupId', 'lag', 'waitedMs'],
  },
  async run(context, { args, flags }) {
    const { clock, signal } = context;
    return withClient(context, async (client) => {
      const startedMs = clock.elapsed();
      for (;;) {
        const lag = await lagOf(client, args.group);
        const waitedMs = Math.round(clock.elapsed() - startedMs);
        if (lag !== undefined && lag <= flags.lag) {
          return {
            result: { groupId: args.group, lag, waitedMs },
            view: { kind: 'lines', lines: [`${args.group} has caught up: lag ${lag}`] },
          };
        }
        context.progress(lag === undefined ? `waiting for group ${args.group}` : `lag ${lag}`);
        await clock.sleep(LOOK_MS, signal);
        if (signal.aborted) throw new StreamctlError('timeout', `group "${args.group}" did not catch up`);
      }
    });
  },
});

/** Undefined while the group has no offsets. */
async function lagOf(client: KafkaClient, groupId: string): Promise<number | undefined> {
  const { describeGroup } = await import('../connect/kafka/group-admin.js');
  const positions = await groupPositions(client, await describeGroup(client, groupId));
  if (!positions.some(({ offset }) => offset !== null)) return undefined;
  return positions.reduce((sum, { lag }) => sum + lag, 0);
}
