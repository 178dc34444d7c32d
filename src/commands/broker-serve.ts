import { StreamctlError } from '../base/errors.js';
import { BROKER_FLAGS, dataFolder, REACH_FLAGS } from './shared/broker/broker-flags.js';
import { serveBroker } from './shared/broker/serve-broker.js';
import { defineCommand } from './shared/frame/command.js';

/** `broker serve`: the background process of the embedded broker. */
export const brokerServe = defineCommand({
  path: 'broker serve',
  summary: 'run the embedded broker for other commands',
  arguments: [],
  flags: {
    port: {
      type: 'number',
      integer: true,
      min: 0,
      max: 65_535,
      default: 0,
      help: 'port to listen on, 0 for a free one',
    },
    ...BROKER_FLAGS,
    ...REACH_FLAGS,
    idleStop: { type: 'duration', default: '60s', help: 'stop after this long without a connection, 0: never' },
  },
  examples: [
    { line: 'streamctl broker serve --data /tmp/broker', note: 'what other commands start in the background' },
  ],
  exits: [0, 2, 3],
  resultSchema: { type: 'object', properties: { type: { type: 'string', enum: ['end'] } }, required: ['type'] },
  streaming: true,
  hidden: true,
  async run(context, { flags }) {
    const folder = dataFolder(context, flags.data);
    const idleStop = flags.idleStop > 0 ? { idleStopMs: flags.idleStop } : {};
    const { readReach, usersOf } = await import('./shared/broker/broker-reach.js');
    const reach = readReach(context, flags, usersOf(context.env));
    try {
      const reason = await serveBroker(
        context,
        { dataFolder: folder, port: flags.port, policy: flags.fsync, ...reach, ...idleStop },
        ({ host, port }) => context.note(`broker ready at ${host}:${port}`),
      );
      return { reason };
    } catch (error) {
      // Another process was faster: its broker serves whoever started us.
      if (error instanceof StreamctlError && error.code === 'folder-owned') return { reason: 'owned' };
      throw error;
    }
  },
});
