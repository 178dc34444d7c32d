import { StreamctlError } from '../base/errors.js';
import type { BrokerInfo } from '../connect/kafka/interfaces.js';
import type { View } from '../ui/output/view.js';
import { withClient } from './shared/broker/kafka.js';
import { defineCommand } from './shared/frame/command.js';

/** `cluster info` */
export const clusterInfo = defineCommand({
  path: 'cluster info',
  summary: 'show brokers, controller and the APIs offered',
  arguments: [],
  flags: {},
  examples: [
    { line: 'streamctl cluster info', note: 'the embedded broker, or the cluster named by -b' },
    { line: 'streamctl cluster info --output wide', note: 'with every API and its versions' },
  ],
  exits: [0, 2, 3],
  resultSchema: {
    type: 'object',
    properties: {
      clusterId: { type: ['string', 'null'] },
      controllerId: { type: 'number' },
      embedded: { type: 'boolean' },
      topics: { type: 'number' },
      brokers: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            id: { type: 'number' },
            host: { type: 'string' },
            port: { type: 'number' },
            rack: { type: ['string', 'null'] },
          },
        },
      },
      apis: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            key: { type: 'number' },
            name: { type: ['string', 'null'], description: 'null for an API unknown to this program' },
            minVersion: { type: 'number' },
            maxVersion: { type: 'number' },
          },
        },
      },
      features: { type: 'array', items: { type: 'object' } },
    },
    required: ['clusterId', 'controllerId', 'embedded', 'topics', 'brokers', 'apis', 'features'],
  },
  async run(context) {
    const { embedded } = await context.connectBroker();
    return withClient(context, async (client) => {
      const [{ apiVersionsApi }, { apis: knownApis }] = await Promise.all([
        import('../wire/apis/18-api-versions.js'),
        import('../wire/apis/index.js'),
      ]);
      const cluster = await client.cluster();
      const offered = await client.call(
        apiVersionsApi,
        { clientSoftwareName: 'streamctl', clientSoftwareVersion: context.program.version },
        'any',
        { what: 'cannot ask for the APIs of the broker', errorOf: ({ errorCode }) => errorCode },
      );
      const names = new Map(knownApis.map(({ key, name }) => [key, name]));
      const apis = offered.apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({
        key: apiKey,
        name: names.get(apiKey) ?? null,
        minVersion,
        maxVersion,
      }));
      if (apis.length === 0) throw new StreamctlError('unsupported-version', 'the broker offers no APIs');
      const features = (offered.finalizedFeatures ?? []).map(({ name, maxVersionLevel }) => ({
        name,
        level: maxVersionLevel,
      }));
      const { clusterId, controllerId, brokers } = cluster;
      const topics = cluster.topics.filter(({ internal }) => !internal).length;
      const result = { clusterId, controllerId, embedded, topics, brokers, apis, features };
      return { result, view: viewOf(result, context.output === 'wide') };
    });
  },
});

interface ClusterResult {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly embedded: boolean;
  readonly topics: number;
  readonly brokers: readonly BrokerInfo[];
  readonly apis: readonly {
    readonly key: number;
    readonly name: string | null;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
  readonly features: readonly { readonly name: string; readonly level: number }[];
}

function viewOf(cluster: ClusterResult, withApis: boolean): View {
  const { clusterId, controllerId, embedded, topics, brokers, apis, features } = cluster;
  const summary: View = {
    kind: 'details',
    entries: [
      ['cluster', clusterId],
      ['kind', embedded ? 'embedded broker' : 'named by --brokers'],
      ['controller', controllerId],
      ['topics', topics],
      ['APIs', apis.length],
      ['features', features.map(({ name, level }) => `${name}=${level}`).join(', ')],
    ],
  };
  const brokerTable: View = {
    kind: 'table',
    columns: [{ key: 'broker' }, { key: 'address' }, { key: 'rack', wide: true }],
    rows: brokers.map(({ id, host, port, rack }) => [id, `${host}:${port}`, rack]),
  };
  const apiTable: View = {
    kind: 'table',
    columns: [{ key: 'key' }, { key: 'api' }, { key: 'versions', align: 'right' }],
    rows: apis.map(({ key, name, minVersion, maxVersion }) => [key, name, `${minVersion}-${maxVersion}`]),
  };
  const shown = withApis ? [summary, brokerTable, apiTable] : [summary, brokerTable];
  return { kind: 'sections', sections: shown.map((view) => ({ view })) };
}
