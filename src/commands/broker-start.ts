import { BROKER_FLAGS, BROKER_SCHEMA, brokerResult, dataFolder } from './shared/broker-flags.js';
import { defineCommand } from './shared/command.js';
import type { Context } from './shared/context.js';
import type { Outcome } from './shared/outcome.js';
import { serveBroker } from './shared/serve-broker.js';

const LOOPBACK = '127.0.0.1';

/** `broker start` */
export const brokerStart = defineCommand({
  path: 'broker start',
  summary: 'run the embedded broker',
  description:
    'A Kafka endpoint for any client, on loopback. Runs until Ctrl-C; with --detach in the background until broker stop. Without this command the broker starts by itself and stops after an idle minute.',
  arguments: [],
  flags: {
    port: {
      type: 'number',
      integer: true,
      min: 0,
      max: 65_535,
      default: 9092,
      help: 'port to listen on, 0 for a free one',
    },
    ...BROKER_FLAGS,
    detach: { type: 'boolean', short: 'd', help: 'run in the background' },
    repair: { type: 'boolean', help: 'cut off damage in the log even where acknowledged records are lost' },
  },
  examples: [
    { line: 'streamctl broker start', note: 'Kafka on 127.0.0.1:9092, Ctrl-C ends it' },
    { line: 'streamctl broker start --detach --port 0', note: 'in the background on a free port' },
  ],
  exits: [0, 2, 3, 130, 143],
  resultSchema: {
    ...BROKER_SCHEMA,
    properties: { type: { type: 'string', enum: ['ready', 'end'] }, ...BROKER_SCHEMA.properties },
    required: ['type'],
  },
  streaming: true,
  async run(context, { flags }) {
    const folder = dataFolder(context, flags.data);
    if (flags.detach) return detach(context, folder, ['--port', String(flags.port), '--fsync', flags.fsync]);
    const reason = await serveBroker(
      context,
      { dataFolder: folder, port: flags.port, host: LOOPBACK, policy: flags.fsync, repair: flags.repair },
      ({ host, port, repairs }) => {
        for (const { path, bytes, damage } of repairs) context.warn(`${path}: cut off ${bytes} bytes (${damage})`);
        announce(context, folder, { host, port, pid: context.program.pid, version: context.program.version });
      },
    );
    return { reason };
  },
});

function announce(
  context: Context,
  folder: string,
  broker: { readonly host: string; readonly port: number; readonly pid: number; readonly version: string },
): void {
  const address = `${broker.host}:${broker.port}`;
  context.record({ type: 'ready', ...brokerResult(folder, { ...broker, stopsWhenIdle: false }) }, address);
  context.note(`broker ready at ${address}, data in ${folder}`);
}

async function detach(context: Context, folder: string, flags: readonly string[]): Promise<Outcome> {
  const { ensureBroker, findBroker, spawnBroker } = await import('../embedded/index.js');
  const { StreamctlError } = await import('../base/errors.js');
  const running = await findBroker(context, folder);
  if (running) {
    throw new StreamctlError('folder-owned', `a broker of ${folder} runs already`, {
      detail: `pid ${running.pid}, ${running.host}:${running.port}${running.stopsWhenIdle ? ', stops when idle' : ''}`,
      hint: 'streamctl broker stop ends it',
    });
  }
  const spawn = spawnBroker(context.program.launcher, [...flags, '--idle-stop', '0']);
  const broker = await ensureBroker(context, folder, { spawn });
  announce(context, folder, broker);
  return { reason: 'detached' };
}
