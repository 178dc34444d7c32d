import { describe, expect, it } from 'vitest';
import {
  fetcherProperties,
  groupProperties,
  producerProperties,
} from '../../../src/connect/kafka/option-properties.js';
import { parseBrokerAddress, readClientSettings } from '../../../src/connect/kafka/settings.js';

const read = (properties: Record<string, string>) =>
  readClientSettings(['a:1,b'], properties, (path) => `text of ${path}`);
const usage = expect.objectContaining({ code: 'usage' });

describe('readClientSettings', () => {
  it('reads addresses', () => {
    expect(read({}).brokers).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 9092 },
    ]);
    expect(parseBrokerAddress('[::1]:19092')).toEqual({ host: '::1', port: 19092 });
    expect(parseBrokerAddress('PLAINTEXT://kafka:9093')).toEqual({ host: 'kafka', port: 9093 });
    for (const text of ['', 'a:0', 'a:99999', 'a:b']) expect(() => parseBrokerAddress(text)).toThrow(usage);
  });

  it('reads TLS and SASL in librdkafka’s names', () => {
    const settings = read({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanisms': 'scram-sha-512',
      'sasl.username': 'u',
      'sasl.password': 'p',
      'ssl.ca.location': '/ca.pem',
      'ssl.key.pem': 'KEY',
      'enable.ssl.certificate.verification': 'false',
    });
    expect(settings.sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' });
    expect(settings.tls).toEqual({ ca: 'text of /ca.pem', key: 'KEY', verify: false });
    expect(read({}).tls).toBeUndefined();
  });

  it.each([
    [{ 'sasl.usrname': 'x' }],
    [{ 'security.protocol': 'tls' }],
    [{ 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'GSSAPI' }],
    [{ 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'PLAIN' }],
    [{ 'retry.backoff.ms': 'soon' }],
  ])('refuses %j', (properties) => {
    expect(() => read(properties as unknown as Record<string, string>)).toThrow(usage);
  });

  it.each([
    [{ 'sasl.username': 'x' }, 'SASL_SSL'],
    [{ 'ssl.ca.location': '/ca.pem' }, 'SSL'],
    [{ 'security.protocol': 'ssl', 'sasl.password': 'x' }, 'SASL_SSL'],
    [{ 'security.protocol': 'SASL_PLAINTEXT', 'ssl.key.pem': 'KEY', 'sasl.mechanism': 'PLAIN' }, 'SASL_SSL'],
  ])('says which protocol uses %j', (properties, protocol) => {
    expect(() => read(properties as unknown as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'usage', hint: `-X security.protocol=${protocol}` }),
    );
  });

  it('names settings that are near', () => {
    expect(() => read({ 'kafka.sasl.username': 'x' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('sasl.username') }),
    );
  });
});

describe('option properties', () => {
  it.each([
    ['True', true],
    ['1', true],
    ['f', false],
  ])('takes a yes or no as librdkafka does: %s', (text, value) => {
    expect(producerProperties(read({ 'enable.idempotence': text })).idempotent).toBe(value);
    const settings = { 'security.protocol': 'ssl', 'enable.ssl.certificate.verification': text };
    expect(read(settings).tls?.verify).toBe(value);
  });

  it.each(['enable.idempotence', 'enable.ssl.certificate.verification'])('refuses another word for %s', (name) => {
    const run = (): unknown => producerProperties(read({ 'security.protocol': 'ssl', [name]: 'maybe' }));
    expect(run).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('reads what the producer, fetcher and group take', () => {
    expect(
      producerProperties(
        read({ acks: 'all', 'linger.ms': '20', 'compression.type': 'lz4', 'enable.idempotence': 'false' }),
      ),
    ).toEqual({
      acks: -1,
      lingerMs: 20,
      compression: 'lz4',
      idempotent: false,
    });
    expect(fetcherProperties(read({ 'isolation.level': 'read_uncommitted', 'auto.offset.reset': 'smallest' }))).toEqual(
      {
        isolation: 'read_uncommitted',
        onOffsetGone: 'earliest',
      },
    );
    expect(groupProperties(read({ 'group.instance.id': 'i', 'partition.assignment.strategy': 'range' }))).toEqual({
      instanceId: 'i',
      assignors: ['range'],
    });
  });

  it('refuses values that are not known', () => {
    expect(() => producerProperties(read({ acks: '2' }))).toThrow(usage);
    expect(() => producerProperties(read({ 'compression.type': 'brotli' }))).toThrow(usage);
    expect(() => fetcherProperties(read({ 'auto.offset.reset': 'middle' }))).toThrow(usage);
    expect(() => groupProperties(read({ 'partition.assignment.strategy': 'sticky' }))).toThrow(usage);
  });
});
