import { StreamctlError } from '../../../base/errors.js';
import type { BrokerInfo } from '../../../connect/kafka/interfaces.js';
import type { BrokerFile } from '../../../embedded/broker-file.js';
import { formatValue } from '../../../ui/text/numbers.js';
import { USUAL_PORT } from '../broker/broker-flags.js';
import { withClient } from '../broker/kafka.js';
import type { Context } from '../frame/context.js';
import { type Check, check, ok, warning } from './check.js';

const DIAL_TIMEOUT_MS = 5000;

/** The broker that commands would talk to. None is started: an embedded one that does not run yet is fine. */
export async function checkBroker(context: Context): Promise<readonly Check[]> {
  const { bootstrapServers, embeddedFolder } = context.broker;
  if (bootstrapServers) return checkCluster(context, bootstrapServers.join(', '));
  const { findBroker } = await import('../../../embedded/find-broker.js');
  let running: BrokerFile | undefined;
  const found = await check('broker', async () => {
    running = await findBroker(context, embeddedFolder);
    return ok('embedded, not running: it starts when needed');
  });
  if (running) return checkCluster(context, `embedded, process ${running.pid}`);
  return [found, await checkPort(context)];
}

/** Whether others find the embedded broker where they expect Kafka. */
function checkPort({ network }: Context): Promise<Check> {
  return check('port', async () => {
    try {
      const listener = await network.listen('127.0.0.1', USUAL_PORT, (connection) => connection.destroy());
      await listener.close();
    } catch (error) {
      if (!(error instanceof StreamctlError) || error.code !== 'port-in-use') throw error;
      return warning(
        `${USUAL_PORT} is taken`,
        `another program listens on ${USUAL_PORT}; streamctl broker start --port 0 finds a free one`,
      );
    }
    return ok(`${USUAL_PORT} is free for streamctl broker start`);
  });
}

async function checkCluster(context: Context, what: string): Promise<readonly Check[]> {
  let brokers: readonly BrokerInfo[] = [];
  const reached = await check('broker', () =>
    withClient(context, async (client) => {
      const startedMs = context.clock.elapsed();
      const cluster = await client.cluster();
      const tookMs = formatValue(context.clock.elapsed() - startedMs, 1);
      brokers = cluster.brokers;
      const topics = cluster.topics.filter(({ internal }) => !internal).length;
      const size = `${brokers.length} broker${brokers.length === 1 ? '' : 's'}, ${topics} topic${topics === 1 ? '' : 's'}`;
      return ok(`${what}: ${size}, ${tookMs} ms`);
    }),
  );
  if (brokers.length === 0) return [reached];
  return [reached, await checkAdvertised(context, brokers)];
}

/** A broker tells its clients where to connect: an address that only it understands is the most common mistake. */
function checkAdvertised({ network }: Context, brokers: readonly BrokerInfo[]): Promise<Check> {
  return check('advertised addresses', async () => {
    for (const { host, port } of brokers) {
      try {
        (await network.connect(host, port, { timeoutMs: DIAL_TIMEOUT_MS })).destroy();
      } catch (error) {
        if (!(error instanceof StreamctlError)) throw error;
        throw new StreamctlError('broker-unreachable', `the broker sends its clients to ${host}:${port}`, {
          detail: error.message,
          hint: 'set advertised.listeners of the broker to an address that this machine reaches',
          cause: error,
        });
      }
    }
    return ok(brokers.map(({ host, port }) => `${host}:${port}`).join(', '));
  });
}
