import { StreamctlError } from '../../base/errors.js';
import type { TlsOptions } from '../../base/network.js';
import type { BrokerAddress, ClientSettings, SaslMechanism, SaslSettings } from './interfaces.js';
import { checkPropertyNames, flagProperty } from './option-properties.js';

const DEFAULT_PORT = 9092;
const MECHANISMS: readonly SaslMechanism[] = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];

/**
 * Makes settings of `host:port` texts and of `-X` properties in librdkafka's names (Java's are understood where they
 * differ): `security.protocol`, `sasl.mechanism`, `sasl.username`, `sasl.password`, `ssl.ca.location`,
 * `ssl.certificate.location`, `ssl.key.location`, `ssl.key.password`, `enable.ssl.certificate.verification`.
 * @param readText reads a file named by a property as text.
 * @throws `usage` for a name or value that is not known, `not-found` for a missing file.
 */
export function readClientSettings(
  brokers: readonly string[],
  properties: Readonly<Record<string, string>>,
  readText: (path: string) => string,
): ClientSettings {
  checkPropertyNames(properties);
  const number = (name: string, fallback: number): number => numberProperty(properties, name, fallback);
  const protocol = (properties['security.protocol'] ?? 'plaintext').toLowerCase();
  if (!['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'].includes(protocol)) {
    throw new StreamctlError('usage', `security.protocol: "${protocol}" is not known`, {
      hint: 'write plaintext, ssl, sasl_plaintext or sasl_ssl',
    });
  }
  checkProtocol(properties, protocol);
  const addresses = brokers.flatMap((text) => text.split(',')).filter((text) => text.trim() !== '');
  return {
    brokers: addresses.map(parseBrokerAddress),
    clientId: properties['client.id'] ?? 'streamctl',
    ...(protocol.endsWith('ssl') ? { tls: readTls(properties, readText) } : {}),
    ...(protocol.startsWith('sasl') ? { sasl: readSasl(properties) } : {}),
    connectTimeoutMs: number('socket.connection.setup.timeout.ms', 10_000),
    requestTimeoutMs: number('socket.timeout.ms', number('request.timeout.ms', 30_000)),
    retryTimeoutMs: number('message.timeout.ms', number('delivery.timeout.ms', 30_000)),
    retryBackoffMs: number('retry.backoff.ms', 50),
    retryBackoffMaxMs: number('retry.backoff.max.ms', 1_000),
    metadataMaxAgeMs: number('metadata.max.age.ms', 300_000),
    properties,
  };
}

/** What somebody sets and the protocol does not use is a mistake: a login that never happens, a key that is never shown. */
function checkProtocol(properties: Readonly<Record<string, string>>, protocol: string): void {
  const unused = (prefix: string): string | undefined =>
    Object.keys(properties).find((name) => name.startsWith(prefix));
  const name =
    (protocol.startsWith('sasl') ? undefined : unused('sasl.')) ??
    (protocol.endsWith('ssl') ? undefined : unused('ssl.'));
  if (name === undefined) return;
  const needed = unused('sasl.') === undefined ? 'SSL' : 'SASL_SSL';
  throw new StreamctlError('usage', `${name} has no effect with security.protocol=${protocol}`, {
    hint: `-X security.protocol=${needed}`,
  });
}

/** Reads `host`, `host:port`, `[::1]:port`. @throws `usage` */
export function parseBrokerAddress(text: string): BrokerAddress {
  const match = /^(?:[a-z_]+:\/\/)?(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/i.exec(text.trim());
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  if (!match || port < 1 || port > 65_535) {
    throw new StreamctlError('usage', `"${text}" is not a broker address`, {
      hint: 'write host:port, like kafka-1:9092',
    });
  }
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
}

/** A whole number of `-X`. @throws `usage` */
export function numberProperty(properties: Readonly<Record<string, string>>, name: string, fallback: number): number {
  const text = properties[name];
  if (text === undefined) return fallback;
  if (!/^-?\d+$/.test(text)) throw new StreamctlError('usage', `${name}: "${text}" is not a whole number`);
  return Number(text);
}

function readTls(properties: Readonly<Record<string, string>>, readText: (path: string) => string): TlsOptions {
  const pem = (name: string, javaName = ''): string | undefined => {
    const path = properties[`ssl.${name}.location`];
    return properties[`ssl.${name}.pem`] ?? properties[javaName] ?? (path === undefined ? undefined : readText(path));
  };
  const ca = pem('ca', 'ssl.truststore.certificates');
  const cert = pem('certificate', 'ssl.keystore.certificate.chain');
  const key = pem('key', 'ssl.keystore.key');
  const passphrase = properties['ssl.key.password'];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    verify: flagProperty(properties, 'enable.ssl.certificate.verification') ?? true,
  };
}

function readSasl(properties: Readonly<Record<string, string>>): SaslSettings {
  const named = (properties['sasl.mechanism'] ?? properties['sasl.mechanisms'] ?? '').toUpperCase();
  const mechanism = MECHANISMS.find((known) => known === named);
  if (mechanism === undefined) {
    throw new StreamctlError('usage', `sasl.mechanism: "${named}" is not offered`, {
      hint: `-X sasl.mechanism=PLAIN, or one of ${MECHANISMS.slice(1).join(', ')}`,
    });
  }
  const username = properties['sasl.username'];
  const password = properties['sasl.password'];
  if (username === undefined || password === undefined) {
    throw new StreamctlError('usage', `${mechanism} needs a user and a password`, {
      hint: '-X sasl.username=NAME -X sasl.password=PASSWORD',
    });
  }
  return { mechanism, username, password };
}
