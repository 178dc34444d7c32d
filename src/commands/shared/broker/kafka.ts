import { fromUtf8 } from '../../../base/bytes.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import type { Admin, ClientEdges, ClientSettings } from '../../../connect/kafka/interfaces.js';
import type { Context } from '../frame/context.js';

/** The edges of a Kafka client. */
export function clientEdges(context: Context): ClientEdges {
  const { clock, network, crypto, compression, random } = context;
  return { clock, network, crypto, compression, random };
}

/**
 * Settings to reach the broker of this command line, the embedded one started where it has to be.
 * @param again the broker was gone: it may have to be started, and be elsewhere now.
 * @throws `broker-unreachable`, `usage`
 */
export async function clientSettings(context: Context, again = false): Promise<ClientSettings> {
  // Loaded while the broker starts, where it has to.
  const [{ readClientSettings }, access] = await Promise.all([
    import('../../../connect/kafka/settings.js'),
    context.connectBroker(again),
  ]);
  return readClientSettings(access.bootstrapServers, access.properties, (path) =>
    fromUtf8(context.files.readFile(context.resolvePath(path))),
  );
}

/** Opens a client, closed again when `use` ends. @throws `broker-unreachable` and what `use` throws. */
export async function withClient<T>(context: Context, use: (client: KafkaClient) => Promise<T>): Promise<T> {
  const [settings, { KafkaClient }] = await Promise.all([
    clientSettings(context),
    import('../../../connect/kafka/client.js'),
  ]);
  const client = new KafkaClient(settings, clientEdges(context));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Opens a client and an admin, closed again when `use` ends. */
export function withAdmin<T>(context: Context, use: (admin: Admin, client: KafkaClient) => Promise<T>): Promise<T> {
  return withClient(context, async (client) => {
    const { openAdmin } = await import('../../../connect/kafka/admin.js');
    const admin = openAdmin(client);
    try {
      return await use(admin, client);
    } finally {
      await admin.close();
    }
  });
}
