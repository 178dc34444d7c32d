import { StreamctlError } from '../base/errors.js';
import type { Lock } from '../base/network.js';
import type { Timer } from '../base/time.js';
import type { BrokerEdges } from '../broker/broker.js';
import type { BrokerOptions, RunningBroker } from '../broker/start-broker.js';
import { type BrokerFile, brokerAddress, brokerFilePath, readBrokerFile, writeBrokerFile } from './broker-file.js';
import { lockFolder } from './owner-lock.js';

/** How often a broker looks whether it is still needed. */
const IDLE_CHECK_MS = 1_000;

/** How a broker of a data folder is started. */
export interface OwnerOptions extends Omit<BrokerOptions, 'host' | 'port' | 'lazy'> {
  /** Default: loopback. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Version of the program, for `broker.json`. */
  readonly version: string;
  readonly pid: number;
  /** Stop after this time without a connection; undefined: never. */
  readonly idleStopMs?: number;
}

/** Why a broker ended. */
export type BrokerEnd =
  | { readonly reason: 'closed' }
  | { readonly reason: 'idle' }
  | { readonly reason: 'failed'; readonly error: unknown };

/** A running broker with its data folder's lock. */
export interface OwnedBroker extends Omit<RunningBroker, 'failed'> {
  /** Resolves after it stopped and released the folder, whoever asked for it. */
  readonly ended: Promise<BrokerEnd>;
}

/**
 * Takes the data folder and starts its broker in this process.
 * @throws `folder-owned` when another process is its broker; `port-in-use` `log-corrupt` `disk-failed`
 */
export async function startBroker(edges: BrokerEdges, options: OwnerOptions): Promise<OwnedBroker> {
  const { dataFolder } = options;
  const lock = await lockFolder(edges, dataFolder);
  if (!lock) throw owned(edges, dataFolder);
  try {
    // Left behind by kill -9: it would be taken for ours.
    edges.files.remove(brokerFilePath(dataFolder));
    // Loaded here, so that commands that only look for a broker do not pay for it.
    const core = await import('../broker/start-broker.js');
    const running = await core.startBroker(edges, {
      ...options,
      lazy: true,
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
    });
    writeBrokerFile(edges.files, dataFolder, {
      pid: options.pid,
      host: running.broker.host,
      port: running.broker.port,
      version: options.version,
      clusterId: running.broker.clusterId,
      startedAtMs: edges.clock.now(),
      stopsWhenIdle: options.idleStopMs !== undefined,
      ...demands(options),
      ...whereNearby(running),
    });
    return watchOver(edges, options, running, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What clients have to set. */
function demands({ tls, users = [] }: OwnerOptions): Pick<BrokerFile, 'security'> {
  if (!tls && users.length === 0) return {};
  const protocol = !tls ? 'sasl_plaintext' : users.length > 0 ? 'sasl_ssl' : 'ssl';
  return { security: { protocol, clientCertificate: tls?.ca !== undefined } };
}

/** Where a broker is reached on this machine, unless that is what clients are told. */
function whereNearby({ host, port, broker }: RunningBroker): Pick<BrokerFile, 'nearby'> {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return reached === broker.host && port === broker.port ? {} : { nearby: { host: reached, port } };
}

/** Lets the broker end when it is told to, when nobody needs it, or when its disk fails. */
function watchOver(edges: BrokerEdges, options: OwnerOptions, running: RunningBroker, lock: Lock): OwnedBroker {
  const { dataFolder, idleStopMs } = options;
  let timer: Timer | undefined;
  let ending: Promise<void> | undefined;
  let tell: (end: BrokerEnd) => void = () => {};
  const ended = new Promise<BrokerEnd>((resolve) => {
    tell = resolve;
  });
  const finish = (end: BrokerEnd): Promise<void> => {
    ending ??= (async () => {
      timer?.cancel();
      // First, so that nobody who looks now finds a broker that is about to go.
      edges.files.remove(brokerFilePath(dataFolder));
      const failure = end.reason === 'failed' ? end : await failureToClose(running);
      await lock.release();
      tell(failure ?? end);
    })();
    return ending;
  };
  void running.failed.then((error) => finish({ reason: 'failed', error }));
  const check = (): void => {
    if (idleStopMs === undefined) return;
    if (running.quietMs() >= idleStopMs) void finish({ reason: 'idle' });
    else timer = edges.clock.after(Math.min(IDLE_CHECK_MS, idleStopMs), check, true);
  };
  check();
  return { ...running, ended, close: () => finish({ reason: 'closed' }) };
}

async function failureToClose(running: RunningBroker): Promise<BrokerEnd | undefined> {
  try {
    await running.close();
    return undefined;
  } catch (error) {
    return { reason: 'failed', error };
  }
}

function owned(edges: BrokerEdges, folder: string): StreamctlError {
  const other = readBrokerFile(edges.files, folder);
  return new StreamctlError('folder-owned', `another process is the broker of ${folder}`, {
    detail: other ? `It has pid ${other.pid} and listens on ${brokerAddress(other)}.` : 'It is starting or stopping.',
    hint: 'use it (no flag is needed), or stop it: streamctl broker stop',
  });
}
