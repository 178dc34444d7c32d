import { toHex } from '../../../base/bytes.js';
import type { ClientSettings } from '../../../connect/kafka/interfaces.js';
import type { Context } from './context.js';

/** A broker of this process over a folder that goes away with it. */
export interface TemporaryBroker {
  readonly settings: ClientSettings;
  readonly folder: string;
  /** Stops the broker and removes the folder; a second call does nothing. */
  close(): Promise<void>;
}

/**
 * Starts a broker in a temporary folder on a free port of the loopback address.
 * @throws `disk-failed`, `port-in-use`
 */
export async function openTemporaryBroker(context: Context): Promise<TemporaryBroker> {
  const [{ startBroker }, { readClientSettings }] = await Promise.all([
    import('../../../broker/start-broker.js'),
    import('../../../connect/kafka/settings.js'),
  ]);
  const { clock, files, network, crypto, compression, env } = context;
  const base = env.TMPDIR || env.TEMP || '/tmp';
  const folder = context.resolvePath(`${base}/streamctl-demo-${toHex(crypto.randomBytes(6))}`);
  const remove = (): void => files.remove(folder);
  files.makeFolder(folder);
  // A second Ctrl-C ends the process at once: the folder goes nevertheless.
  process.once('exit', remove);
  const forget = (): void => {
    remove();
    process.off('exit', remove);
  };
  try {
    const edges = { clock, files, network, crypto, compression };
    // Nobody misses this data after a power cut.
    const broker = await startBroker(edges, { dataFolder: folder, host: '127.0.0.1', port: 0, policy: 'never' });
    let open = true;
    return {
      settings: readClientSettings([`127.0.0.1:${broker.port}`], {}, () => ''),
      folder,
      async close() {
        if (!open) return;
        open = false;
        await broker.close();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}
