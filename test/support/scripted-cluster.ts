import { systemCompression } from '../../src/base/compression.js';
import { systemCrypto } from '../../src/base/crypto.js';
import type { Connection, Listener } from '../../src/base/network.js';
import { seededRandom } from '../../src/base/random.js';
import { KafkaClient } from '../../src/connect/kafka/client.js';
import { readClientSettings } from '../../src/connect/kafka/settings.js';
import type { Api, RequestOf, ResponseInputOf } from '../../src/wire/api.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { apiVersionsApi } from '../../src/wire/apis/18-api-versions.js';
import { decodeRequest, decodeRequestHeader, encodeResponse } from '../../src/wire/frame.js';
import { FrameReader } from '../../src/wire/frame-reader.js';
import { SimClock } from './sim-clock.js';
import { SimNetwork } from './sim-network.js';

/** How the brokers answer one API; undefined leaves the request without an answer. */
interface Script {
  readonly api: Api;
  answer(request: never, broker: number): unknown;
}

/** Several brokers that answer by script, in simulated time: for what a single real broker cannot do. */
export class ScriptedCluster {
  readonly clock = new SimClock();
  readonly network = new SimNetwork();
  readonly client: KafkaClient;
  /** Leaders of topic `t`, by partition; -1 for none. */
  leaders: number[] = [1];
  readonly #listeners = new Map<number, Listener>();
  readonly #connections = new Map<number, Set<Connection>>();
  readonly #scripts: Script[] = [];

  constructor() {
    const settings = readClientSettings(['sim:9001', 'sim:9002'], {}, () => '');
    const { clock, network } = this;
    const edges = { clock, network, random: seededRandom(7), crypto: systemCrypto, compression: systemCompression };
    this.client = new KafkaClient(settings, edges);
    this.on(metadataApi, () => ({
      clusterId: 'scripted',
      controllerId: 1,
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'sim', port: 9000 + nodeId })),
      topics: [
        {
          errorCode: 0,
          name: 't',
          partitions: this.leaders.map((leaderId, partitionIndex) => ({
            errorCode: 0,
            partitionIndex,
            leaderId,
            leaderEpoch: 0,
            replicaNodes: [1, 2],
            isrNodes: [1, 2],
          })),
        },
      ],
    }));
  }

  /** Sets how an API is answered. */
  on<A extends Api>(api: A, answer: (request: RequestOf<A>, broker: number) => ResponseInputOf<A> | undefined): void {
    this.#scripts.unshift({ api, answer: answer as Script['answer'] });
  }

  async start(broker: number): Promise<void> {
    const connections = new Set<Connection>();
    this.#connections.set(broker, connections);
    const accept = (connection: Connection): void => {
      connections.add(connection);
      const frames = new FrameReader();
      connection.onClose(() => void connections.delete(connection));
      connection.onData((bytes) => {
        for (const frame of frames.push(bytes.slice())) this.#answer(frame, connection, broker);
      });
    };
    this.#listeners.set(broker, await this.network.listen('sim', 9000 + broker, accept));
  }

  /** The machine of a broker goes away. */
  async stop(broker: number): Promise<void> {
    await this.#listeners.get(broker)!.close();
    for (const connection of this.#connections.get(broker)!) connection.destroy();
  }

  #answer(frame: Uint8Array, connection: Connection, broker: number): void {
    const header = decodeRequestHeader(frame);
    const { apiKey, apiVersion, correlationId } = header;
    if (apiKey === apiVersionsApi.key) {
      const apiKeys = this.#scripts.map(({ api: { key, versions } }) => ({
        apiKey: key,
        minVersion: versions.min,
        maxVersion: versions.max,
      }));
      connection.send(encodeResponse(apiVersionsApi, apiVersion, correlationId, { errorCode: 0, apiKeys }));
      return;
    }
    const { api, answer } = this.#scripts.find((script) => script.api.key === apiKey)!;
    const body = answer(decodeRequest(api, header) as never, broker);
    if (body !== undefined) connection.send(encodeResponse(api, apiVersion, correlationId, body as never));
  }
}
