import { BROKER_FLAGS, BROKER_SCHEMA, brokerResult, dataFolder } from './shared/broker/broker-flags.js';
import { defineCommand } from './shared/frame/command.js';

/** `broker status` */
export const brokerStatus = defineCommand({
  path: 'broker status',
  summary: 'tell whether the embedded broker runs, and where',
  arguments: [],
  flags: { data: BROKER_FLAGS.data },
  examples: [
    { line: 'streamctl broker status', note: 'address and process' },
    { line: 'streamctl broker status --json', note: 'for a program: result.address is null when none runs' },
  ],
  exits: [0, 2],
  resultSchema: BROKER_SCHEMA,
  async run(context, { flags }) {
    const folder = dataFolder(context, flags.data);
    const { findBroker } = await import('../embedded/find-broker.js');
    const result = brokerResult(folder, await findBroker(context, folder));
    return {
      result,
      view: {
        kind: 'details',
        entries: [
          ['running', result.running],
          ['folder', folder],
          ...(result.running
            ? ([
                ['address', result.address],
                ['security', result.security],
                ['pid', result.pid],
                ['version', result.version],
                ['stops when idle', result.stopsWhenIdle],
              ] as const)
            : []),
        ],
      },
    };
  },
});
