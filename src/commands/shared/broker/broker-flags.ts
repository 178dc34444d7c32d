import { type BrokerFile, brokerAddress } from '../../../embedded/broker-file.js';
import type { FlagSpecs } from '../frame/command.js';
import type { Context } from '../frame/context.js';

/** Names of the sync policies, as the broker knows them. */
export const FSYNC_POLICIES = ['always', 'interval', 'never'] as const;

/** Where `broker start` listens when it is not told otherwise. */
export const USUAL_PORT = 9092;

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

/** Who reaches a broker and how; of `broker start` and the process it may start in the background. */
export const REACH_FLAGS = {
  listen: {
    type: 'string',
    placeholder: 'HOST',
    default: '127.0.0.1',
    help: 'address to listen on; one that others can reach needs TLS, users or --insecure',
  },
  advertised: {
    type: 'string',
    placeholder: 'HOST[:PORT]',
    help: 'where clients are told to connect, when that is not where it listens',
  },
  tlsCert: { type: 'string', placeholder: 'FILE', help: 'certificate (PEM, with its chain): clients connect by TLS' },
  tlsKey: { type: 'string', placeholder: 'FILE', help: 'private key of --tls-cert (PEM)' },
  tlsCa: {
    type: 'string',
    placeholder: 'FILE',
    help: 'authority (PEM) that clients need a certificate of',
  },
  insecure: { type: 'boolean', help: 'let others connect without TLS and without users' },
  chaos: {
    type: 'string',
    placeholder: 'RATE[:SEED]',
    help: 'answer this share of requests (0 to 1) with an error that asks for another try, to test clients',
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
    security: { type: ['string', 'null'], description: 'security.protocol that clients have to set' },
  },
  required: ['running', 'folder', 'address', 'pid', 'version', 'stopsWhenIdle', 'security'],
} as const;

/** What `broker.json` says, as a result; undefined: none runs. */
export function brokerResult(
  folder: string,
  broker: Pick<BrokerFile, 'host' | 'port' | 'pid' | 'version' | 'stopsWhenIdle' | 'security'> | undefined,
) {
  return {
    running: broker !== undefined,
    folder,
    address: broker ? brokerAddress(broker) : null,
    pid: broker?.pid ?? null,
    version: broker?.version ?? null,
    stopsWhenIdle: broker?.stopsWhenIdle ?? null,
    security: broker ? (broker.security?.protocol ?? 'plaintext') : null,
  };
}
