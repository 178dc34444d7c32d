import type { KafkaConfig, Admin as KafkaJsAdmin, SASLOptions } from 'kafkajs';
import { StreamctlError } from '../../base/errors.js';
import { kafkaErrors } from '../../wire/error-codes.js';
import type { ClientSettings, ConfigEntry } from './interfaces.js';

/** Kafka's number of a topic among config resources. */
const TOPIC_RESOURCE = 2;
const SOURCES: Readonly<Record<number, ConfigEntry['source']>> = {
  1: 'topic',
  2: 'broker',
  3: 'broker',
  4: 'broker',
  5: 'default',
};

/** What became of a call: Kafka's code and the library's message. */
export interface LibraryResult {
  readonly errorCode: number;
  readonly message: string | null;
}

/**
 * The calls that kafkajs makes exactly as they are meant: one topic per call, so that each has an outcome of its own.
 * The package is loaded at the first call.
 */
export class KafkaJsCalls {
  readonly #settings: ClientSettings;
  #admin: Promise<KafkaJsAdmin> | undefined;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  deleteTopic(name: string): Promise<LibraryResult> {
    return this.#attempt((admin) => admin.deleteTopics({ topics: [name], timeout: this.#settings.requestTimeoutMs }));
  }

  createPartitions(topic: string, count: number, validateOnly: boolean): Promise<LibraryResult> {
    return this.#attempt((admin) => admin.createPartitions({ validateOnly, topicPartitions: [{ topic, count }] }));
  }

  async describeTopicConfigs(names: readonly string[]): Promise<ReadonlyMap<string, readonly ConfigEntry[]>> {
    const admin = await this.#open();
    const resources = names.map((name) => ({ type: TOPIC_RESOURCE, name }));
    const answer = await admin.describeConfigs({ includeSynonyms: false, resources }).catch((error: unknown) => {
      throw asStreamctlError(error);
    });
    return new Map(
      answer.resources.map((resource) => [
        resource.resourceName,
        resource.configEntries.map((entry) => ({
          name: entry.configName,
          value: entry.configValue,
          readOnly: entry.readOnly,
          sensitive: entry.isSensitive,
          source: SOURCES[Number(entry.configSource)] ?? 'unknown',
        })),
      ]),
    );
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined);
    await admin?.disconnect();
  }

  async #attempt(call: (admin: KafkaJsAdmin) => Promise<unknown>): Promise<LibraryResult> {
    const admin = await this.#open();
    try {
      await call(admin);
      return { errorCode: 0, message: null };
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw asStreamctlError(error);
      return { errorCode: code, message: (error as Error).message };
    }
  }

  #open(): Promise<KafkaJsAdmin> {
    this.#admin ??= this.#connect();
    return this.#admin;
  }

  async #connect(): Promise<KafkaJsAdmin> {
    const { Kafka, logLevel } = (await import('kafkajs')).default;
    const admin = new Kafka({ ...configOf(this.#settings), logLevel: logLevel.NOTHING }).admin();
    try {
      await admin.connect();
    } catch (error) {
      this.#admin = undefined;
      throw asStreamctlError(error);
    }
    return admin;
  }
}

function configOf(settings: ClientSettings): KafkaConfig {
  const { tls, sasl } = settings;
  const { verify, serverName, ...pem } = tls ?? {};
  return {
    brokers: settings.brokers.map(({ host, port }) => `${host}:${port}`),
    clientId: settings.clientId,
    connectionTimeout: settings.connectTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: { retries: 3, initialRetryTime: settings.retryBackoffMs, maxRetryTime: settings.retryBackoffMaxMs },
    ...(tls
      ? { ssl: { rejectUnauthorized: verify !== false, ...(serverName ? { servername: serverName } : {}), ...pem } }
      : {}),
    ...(sasl
      ? {
          sasl: {
            mechanism: sasl.mechanism.toLowerCase(),
            username: sasl.username,
            password: sasl.password,
          } as SASLOptions,
        }
      : {}),
  };
}

/** Kafka's code of an error of the library, also where it wraps one or several of them. */
function codeOf(error: unknown): number | undefined {
  const { code, type, errors, cause } = error as {
    code?: unknown;
    type?: unknown;
    errors?: unknown[];
    cause?: unknown;
  };
  if (typeof code === 'number') return code;
  if (typeof type === 'string') return kafkaErrors.find(({ name }) => name === type)?.code;
  if (errors?.length) return codeOf(errors[0]);
  return cause === undefined ? undefined : codeOf(cause);
}

function asStreamctlError(error: unknown): Error {
  if (error instanceof StreamctlError) return error;
  const { name, message } = error as Error;
  if (!/^KafkaJS/.test(name)) return error as Error;
  const unreachable = /Connection|Timeout|Retries|Broker/.test(name);
  return new StreamctlError(unreachable ? 'broker-unreachable' : 'broker-refused', message, { cause: error });
}
