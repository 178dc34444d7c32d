import type { BrokerFile } from '../embedded/broker-file.js';
import {
  BROKER_FLAGS,
  BROKER_SCHEMA,
  brokerResult,
  dataFolder,
  REACH_FLAGS,
  USUAL_PORT,
} from './shared/broker/broker-flags.js';
import { neededSettings } from './shared/broker/client-demands.js';
import { serveBroker } from './shared/broker/serve-broker.js';
import { defineCommand } from './shared/frame/command.js';
import type { Context } from './shared/frame/context.js';
import type { Outcome } from './shared/frame/outcome.js';

/** `broker start` */
export const brokerStart = defineCommand({
  path: 'broker start',
  summary: 'run the embedded broker',
  description:
    'A Kafka endpoint for any client, on loopback unless told otherwise. Runs until Ctrl-C; with --detach in the background until broker stop. Without this command the broker starts by itself and stops after an idle minute.',
  arguments: [],
  flags: {
    port: {
      type: 'number',
      integer: true,
      min: 0,
      max: 65_535,
      default: USUAL_PORT,
      help: 'port to listen on, 0 for a free one',
    },
    ...BROKER_FLAGS,
    ...REACH_FLAGS,
    user: {
      type: 'list',
      placeholder: 'NAME:PASSWORD',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a reference is written
      help: 'who may log in by SASL, repeatable; the password can be ${env:X} or ${file:PATH}',
    },
    detach: { type: 'boolean', short: 'd', help: 'run in the background' },
    repair: { type: 'boolean', help: 'cut off damage in the log even where acknowledged records are lost' },
  },
  examples: [
    { line: 'streamctl broker start', note: 'Kafka on 127.0.0.1:9092, Ctrl-C ends it' },
    { line: 'streamctl broker start --detach --port 0', note: 'in the background on a free port' },
    {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a reference is written
      line: "streamctl broker start --listen 192.168.1.5 --tls-cert c.pem --tls-key k.pem --user 'ann:${env:ANN_PW}'",
      note: 'for others in the network: TLS, and a login',
    },
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
    const { parseUsers, readReach, reachWords, usersVariable } = await import('./shared/broker/broker-reach.js');
    const users = parseUsers(flags.user);
    const reach = readReach(context, flags, users);
    if (flags.detach) {
      const words = ['--port', String(flags.port), '--fsync', flags.fsync, ...reachWords(context, flags)];
      return detach(context, folder, words, usersVariable(users));
    }
    const { readBrokerFile } = await import('../embedded/broker-file.js');
    const reason = await serveBroker(
      context,
      { dataFolder: folder, port: flags.port, policy: flags.fsync, repair: flags.repair, ...reach },
      ({ repairs }) => {
        for (const { path, bytes, damage } of repairs) context.warn(`${path}: cut off ${bytes} bytes (${damage})`);
        announce(context, folder, readBrokerFile(context.files, folder)!);
      },
    );
    return { reason };
  },
});

function announce(context: Context, folder: string, broker: BrokerFile): void {
  const result = brokerResult(folder, { ...broker, stopsWhenIdle: false });
  context.record({ type: 'ready', ...result }, result.address ?? '');
  context.note(`broker ready at ${result.address}, data in ${folder}`);
  if (broker.security) context.note(`clients need ${neededSettings(broker.security)}`);
}

async function detach(
  context: Context,
  folder: string,
  flags: readonly string[],
  secrets: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { brokerAddress, ensureBroker, findBroker, spawnBroker } = await import('../embedded/index.js');
  const { StreamctlError } = await import('../base/errors.js');
  const running = await findBroker(context, folder);
  if (running) {
    throw new StreamctlError('folder-owned', `a broker of ${folder} runs already`, {
      detail: `pid ${running.pid}, ${brokerAddress(running)}${running.stopsWhenIdle ? ', stops when idle' : ''}`,
      hint: 'streamctl broker stop ends it',
    });
  }
  const spawn = spawnBroker(context.program.launcher, [...flags, '--idle-stop', '0'], secrets);
  const broker = await ensureBroker(context, folder, { spawn });
  announce(context, folder, broker);
  return { reason: 'detached' };
}
