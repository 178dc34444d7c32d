import type { FlagSpecs } from './command.js';
import type { Context } from './context.js';

/** Names of the sync policies, as the broker knows them. */
export const FSYNC_POLICIES = ['always', 'interval', 'never'] as const;

/** Flags that `broker start` and the process it may start in the background share. */
export const BROKER_FLAGS = {
  data: { type: 'string', placeholder: 'DIR', help: 'data folder (default .streamctl/broker of this folder)' },
  fsync: {
    type: 'choice',
    choices: FSYNC_POLICIES,
    default: 'always',
    help: 'when records are forced to the disk: before they are acknowledged, now and then, or never',
  },
} as const satisfies FlagSpecs;

/** Absolute path of the data folder. */
export function dataFolder(context: Context, data: string | undefined): string {
  return data === undefined ? context.broker.embeddedFolder : context.resolvePath(data);
}

/** Schema of a broker that runs. */
export const BROKER_SCHEMA = {
  type: 'object',
  properties: {
    running: { type: 'boolean' },
    folder: { type: 'string' },
    address: { type: ['string', 'null'], description: 'host:port' },
    pid: { type: ['number', 'null'] },
    version: { type: ['string', 'null'] },
    stopsWhenIdle: { type: ['boolean', 'null'] },
  },
  required: ['running', 'folder', 'address', 'pid', 'version', 'stopsWhenIdle'],
} as const;

/** What `broker.json` says, as a result; undefined: none runs. */
export function brokerResult(
  folder: string,
  broker:
    | {
        readonly host: string;
        readonly port: number;
        readonly pid: number;
        readonly version: string;
        readonly stopsWhenIdle: boolean;
      }
    | undefined,
) {
  return {
    running: broker !== undefined,
    folder,
    address: broker ? `${broker.host}:${broker.port}` : null,
    pid: broker?.pid ?? null,
    version: broker?.version ?? null,
    stopsWhenIdle: broker?.stopsWhenIdle ?? null,
  };
}
