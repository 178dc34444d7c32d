import { CONFIG_TYPES, type ConfigRow, TOPIC_CONFIGS } from './topic-configs.js';

/** Where a setting comes from, in Kafka's numbering. */
export const CONFIG_SOURCES = { topic: 1, brokerFile: 4, fallback: 5 } as const;

/** A setting as it is in force. */
export interface EffectiveConfig {
  readonly name: string;
  readonly value: string;
  readonly source: number;
  readonly row: ConfigRow;
}

/** All settings of a topic for which `configs` are set. */
export function effectiveConfigs(configs: ReadonlyMap<string, string>): EffectiveConfig[] {
  return Object.entries(TOPIC_CONFIGS).map(([name, row]) => {
    const set = configs.get(name);
    const source = set === undefined ? CONFIG_SOURCES.fallback : CONFIG_SOURCES.topic;
    return { name, value: set ?? row.fallback, source, row };
  });
}

/** A setting as DescribeConfigs shows it. */
export function describeConfig(config: EffectiveConfig, readOnly: boolean, synonyms: boolean, documentation: boolean) {
  const { name, value, source, row } = config;
  const chain = source === CONFIG_SOURCES.topic ? [{ name, value, source }] : [];
  const broad = { name: row.synonym ?? name, value: row.fallback, source: CONFIG_SOURCES.fallback };
  return {
    name,
    value,
    readOnly,
    configSource: source,
    isSensitive: false,
    synonyms: synonyms
      ? [...chain, ...(source === CONFIG_SOURCES.brokerFile ? [{ name, value, source }] : [broad])]
      : [],
    configType: CONFIG_TYPES[row.type],
    documentation: documentation ? row.about : null,
  };
}
