import { BROKER_FLAGS, dataFolder } from './shared/broker/broker-flags.js';
import { defineCommand } from './shared/frame/command.js';

/** `broker stop` */
export const brokerStop = defineCommand({
  path: 'broker stop',
  summary: 'end the embedded broker',
  description: 'Its topics and records stay. Nothing to stop is fine.',
  arguments: [],
  flags: { data: BROKER_FLAGS.data },
  examples: [{ line: 'streamctl broker stop', note: 'waits until the folder is free' }],
  exits: [0, 2, 3, 5],
  resultSchema: {
    type: 'object',
    properties: {
      stopped: { type: 'boolean' },
      folder: { type: 'string' },
      pid: { type: ['number', 'null'] },
    },
    required: ['stopped', 'folder', 'pid'],
  },
  mutating: true,
  async run(context, { flags }) {
    const folder = dataFolder(context, flags.data);
    const { brokerAddress, findBroker, stopBroker } = await import('../embedded/index.js');
    const broker = context.dryRun ? await findBroker(context, folder) : await stopBroker(context, folder);
    const done = context.dryRun ? 'would be stopped' : 'stopped';
    const line = broker ? `broker ${brokerAddress(broker)} ${done}` : 'no broker runs';
    return {
      result: { stopped: broker !== undefined && !context.dryRun, folder, pid: broker?.pid ?? null },
      view: { kind: 'lines', lines: [line] },
    };
  },
});
