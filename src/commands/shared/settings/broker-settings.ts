/** Which broker to talk to, after all sources of configuration were merged. */
export interface BrokerSettings {
  /** `host:port` list; undefined means the embedded broker in `embeddedFolder`. */
  readonly bootstrapServers: readonly string[] | undefined;
  /** Data folder of the embedded broker, absolute. */
  readonly embeddedFolder: string;
  /** Client keys of `-X` and configuration in librdkafka's and Java's spelling: `security.protocol`, `sasl.username`. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A broker that is there. */
export interface BrokerAccess {
  /** `host:port` list, never empty. */
  readonly bootstrapServers: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly embedded: boolean;
}
