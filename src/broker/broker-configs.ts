import type { Broker } from './broker.js';
import { CONFIG_SOURCES, type EffectiveConfig } from './config-view.js';
import { type ConfigRow, TOPIC_CONFIGS } from './topic-configs.js';

/** What a broker says of its own settings: those chosen at its start, then the defaults of new topics. */
export function brokerConfigs(broker: Broker): EffectiveConfig[] {
  const { settings } = broker;
  const chosen = (name: string, value: string | number | boolean, type: ConfigRow['type'], about: string) => ({
    name,
    value: String(value),
    source: CONFIG_SOURCES.brokerFile,
    row: { type, fallback: String(value), about },
  });
  const own: EffectiveConfig[] = [
    chosen(
      'advertised.listeners',
      `${settings.securityProtocol}://${broker.host}:${broker.port}`,
      'string',
      'where clients connect',
    ),
    chosen('auto.create.topics.enable', settings.autoCreateTopics, 'boolean', 'topics are made when asked for'),
    chosen('broker.id', broker.nodeId, 'int', 'the only node'),
    chosen('default.replication.factor', 1, 'int', 'there is one replica'),
    chosen('delete.topic.enable', true, 'boolean', 'topics can be deleted'),
    chosen('log.dirs', settings.dataFolder, 'list', 'the data folder'),
    chosen('node.id', broker.nodeId, 'int', 'the only node'),
    chosen('num.partitions', settings.defaultPartitions, 'int', 'partitions of a topic that says none'),
    chosen('socket.request.max.bytes', settings.limits.frameBytes, 'int', 'largest request'),
    chosen('fetch.max.bytes', settings.limits.fetchBytes, 'int', 'largest fetch answer'),
    chosen('max.connections', settings.limits.connections, 'int', 'connections at a time'),
    chosen('connections.max.idle.ms', settings.limits.idleConnectionMs, 'long', 'when a silent connection is closed'),
    chosen('streamctl.fsync', settings.policy, 'string', 'when written records go to the disk'),
  ];
  const names = new Set(own.map(({ name }) => name));
  for (const row of Object.values(TOPIC_CONFIGS)) {
    if (!row.synonym || names.has(row.synonym)) continue;
    own.push({ name: row.synonym, value: row.fallback, source: CONFIG_SOURCES.fallback, row });
  }
  return own.sort((a, b) => (a.name < b.name ? -1 : 1));
}
