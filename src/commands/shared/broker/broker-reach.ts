import { fromUtf8 } from '../../../base/bytes.js';
import { StreamctlError } from '../../../base/errors.js';
import type { TlsOptions } from '../../../base/network.js';
import { checkExposure } from '../../../broker/security/exposure.js';
import type { BrokerUser } from '../../../broker/security/users.js';
import type { OwnerOptions } from '../../../embedded/start-broker.js';
import type { Context } from '../frame/context.js';

/** Variable that carries the users to the process in the background: its command line is for everybody to read. */
export const USERS_VARIABLE = 'STREAMCTL_BROKER_USERS';

/** Values of the flags that say who reaches a broker and how. */
export interface ReachFlags {
  readonly listen: string;
  readonly advertised: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsCa: string | undefined;
  readonly insecure: boolean;
  readonly chaos: string | undefined;
}

/** What these flags mean to the broker. */
export type Reach = Pick<OwnerOptions, 'host' | 'advertised' | 'tls' | 'users' | 'insecure' | 'chaos'>;

/**
 * Reads and checks the flags, the certificate files included.
 * @throws `usage`, `not-found` for a missing file
 */
export function readReach(context: Context, flags: ReachFlags, users: readonly BrokerUser[]): Reach {
  const { listen, insecure } = flags;
  const host = listen.replace(/^\[(.*)\]$/, '$1');
  const tls = readTls(context, flags);
  checkExposure({ host, tls: tls !== undefined, users: users.length > 0, insecure });
  const advertised = flags.advertised === undefined ? undefined : parseAdvertised(flags.advertised);
  if (!advertised && (host === '0.0.0.0' || host === '::')) {
    throw new StreamctlError('usage', `${host} is no address that clients could connect to`, {
      detail: 'A broker tells its clients where to connect, and they do so from then on.',
      hint: '--advertised HOST, the name or address by which others reach this machine',
    });
  }
  return {
    host,
    users,
    insecure,
    ...(advertised ? { advertised } : {}),
    ...(tls ? { tls } : {}),
    ...(flags.chaos === undefined ? {} : { chaos: parseChaos(flags.chaos) }),
  };
}

/** The same flags for the process in the background, whose working folder is another; no secrets among them. */
export function reachWords(context: Context, flags: ReachFlags): string[] {
  const words = ['--listen', flags.listen];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) words.push(name, value);
  };
  const path = (file: string | undefined): string | undefined => file && context.resolvePath(file);
  add('--advertised', flags.advertised);
  add('--tls-cert', path(flags.tlsCert));
  add('--tls-key', path(flags.tlsKey));
  add('--tls-ca', path(flags.tlsCa));
  add('--chaos', flags.chaos);
  if (flags.insecure) words.push('--insecure');
  return words;
}

/** Reads `NAME:PASSWORD` texts. A wrong one is never shown: it may be the password. @throws `usage` */
export function parseUsers(texts: readonly string[]): BrokerUser[] {
  const users = texts.map((text, index) => {
    const colon = text.indexOf(':');
    if (colon > 0 && colon < text.length - 1) return { name: text.slice(0, colon), password: text.slice(colon + 1) };
    throw new StreamctlError('usage', `the ${index + 1}. --user is not NAME:PASSWORD`, {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a reference is written
      hint: "for example --user 'alice:${env:ALICE_PASSWORD}'",
    });
  });
  const twice = users.find(({ name }, index) => users.findIndex((other) => other.name === name) !== index);
  if (twice) throw new StreamctlError('usage', `--user names ${twice.name} twice`);
  return users;
}

/** The users that {@link USERS_VARIABLE} carries. */
export function usersOf(env: Context['env']): BrokerUser[] {
  const text = env[USERS_VARIABLE];
  return text === undefined ? [] : (JSON.parse(text) as BrokerUser[]);
}

/** Variables that carry `users` to the process in the background. */
export function usersVariable(users: readonly BrokerUser[]): Record<string, string> {
  return users.length > 0 ? { [USERS_VARIABLE]: JSON.stringify(users) } : {};
}

function readTls(context: Context, { tlsCert, tlsKey, tlsCa }: ReachFlags): TlsOptions | undefined {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new StreamctlError('usage', 'TLS needs a certificate and its key', {
      hint: '--tls-cert FILE --tls-key FILE',
    });
  }
  const read = (file: string): string => fromUtf8(context.files.readFile(context.resolvePath(file)));
  const ca = tlsCa === undefined ? {} : { ca: read(tlsCa) };
  return { cert: read(tlsCert), key: read(tlsKey), ...ca };
}

function parseAdvertised(text: string): { host: string; port?: number } {
  const match = /^(\[[^\]]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (!match || port === 0 || (port ?? 0) > 65_535) {
    throw new StreamctlError('usage', `--advertised: "${text}" is not HOST or HOST:PORT`, {
      hint: 'for example --advertised laptop.local:9092, or [fd00::1]:9092',
    });
  }
  return { host: match[1]!.replace(/^\[|\]$/g, ''), ...(port === undefined ? {} : { port }) };
}

function parseChaos(text: string): { rate: number; seed: number } {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(?::(\d{1,9}))?$/.exec(text);
  const rate = Number(match?.[1]);
  if (!match || rate > 1) {
    throw new StreamctlError('usage', `--chaos: "${text}" is not RATE or RATE:SEED`, {
      hint: 'for example --chaos 0.05:7: one request of twenty, the same ones each time',
    });
  }
  return { rate, seed: Number(match[2] ?? 1) };
}
