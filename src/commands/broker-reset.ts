import { BROKER_FLAGS, dataFolder } from './shared/broker/broker-flags.js';
import { defineCommand } from './shared/frame/command.js';
import { confirm } from './shared/frame/confirm.js';

/** `broker reset` */
export const brokerReset = defineCommand({
  path: 'broker reset',
  summary: 'end the embedded broker and delete all its data',
  arguments: [],
  flags: { data: BROKER_FLAGS.data },
  examples: [{ line: 'streamctl broker reset -y', note: 'a fresh start, without being asked' }],
  exits: [0, 2, 3, 5],
  resultSchema: {
    type: 'object',
    properties: { removed: { type: 'boolean' }, folder: { type: 'string' } },
    required: ['removed', 'folder'],
  },
  mutating: true,
  async run(context, { flags }) {
    const folder = dataFolder(context, flags.data);
    const isThere = context.files.exists(folder);
    if (isThere) await confirm(context, `delete all topics and records in ${folder}?`);
    if (isThere && !context.dryRun) {
      const { resetBroker } = await import('../embedded/stop-broker.js');
      await resetBroker(context, folder);
    }
    const done = context.dryRun ? 'would be removed' : 'removed';
    return {
      result: { removed: isThere && !context.dryRun, folder },
      view: { kind: 'lines', lines: [isThere ? `${folder} ${done}` : `nothing in ${folder}`] },
    };
  },
});
