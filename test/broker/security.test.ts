import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { brokerConfigs } from '../../src/broker/broker-configs.js';
import type { BrokerOptions } from '../../src/broker/start-broker.js';
import { metadataApi } from '../../src/wire/apis/03-metadata.js';
import { saslHandshakeApi } from '../../src/wire/apis/17-sasl-handshake.js';
import { apiVersionsApi } from '../../src/wire/apis/18-api-versions.js';
import { saslAuthenticateApi } from '../../src/wire/apis/36-sasl-authenticate.js';
import { errorCodes } from '../../src/wire/error-codes.js';
import { hasCommand } from '../support/broker-under-test.js';
import { makeCertificate, OPENSSL } from '../support/certificate.js';
import { startTestBroker, type TestBroker } from '../support/test-broker.js';
import { scene } from './broker-fixture.js';

const USERS = [
  { name: 'alice', password: 'secret, with = and ü' },
  { name: 'a,b=c', password: 'x' },
  // What NFKC would change, as it stands on a French keyboard: Kafka and its clients take names and passwords as they are.
  { name: 'µ', password: '²e\u0301' },
];
let broker: TestBroker | undefined;

afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});

async function topicsOver(
  options: Partial<BrokerOptions>,
  sasl: SASLOptions,
  ssl?: { ca: string[] },
): Promise<string[]> {
  broker = await startTestBroker({ users: USERS, ...options });
  const kafka = new Kafka({
    brokers: [`localhost:${broker.running.port}`],
    sasl,
    ...(ssl ? { ssl: { ...ssl, servername: 'localhost' } } : {}),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 't' }] });
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

describe('a client that has to log in', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'gets in by %s with its password only',
    async (mechanism) => {
      for (const { name, password } of USERS) {
        expect(await topicsOver({}, { mechanism, username: name, password } as SASLOptions)).toEqual(['t']);
        await broker!.stop();
      }
      for (const [username, password] of [
        ['alice', 'guess'],
        ['nobody', 'x'],
      ] as const) {
        await expect(topicsOver({}, { mechanism, username, password } as SASLOptions)).rejects.toThrow(
          /invalid credentials/,
        );
        await broker!.stop();
      }
      broker = undefined;
    },
  );

  it('can do nothing before', async () => {
    const { connect, client } = await scene({ users: USERS });
    const { apiKeys } = await client.call(apiVersionsApi, 3, {});
    expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual(expect.arrayContaining([17, 36]));
    const unknown = await client.call(saslHandshakeApi, 1, { mechanism: 'GSSAPI' });
    expect(unknown.errorCode).toBe(errorCodes.UNSUPPORTED_SASL_MECHANISM);
    expect(unknown.mechanisms).toEqual(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']);
    const early = await client.call(saslAuthenticateApi, 2, { authBytes: new Uint8Array(3) });
    expect(early.errorCode).toBe(errorCodes.ILLEGAL_SASL_STATE);
    client.call(metadataApi, 9, { topics: null }).catch(() => {});
    await client.closed;
    const large = await connect();
    large.sendRaw([new Uint8Array([0, 16, 0, 0]), new Uint8Array(600_000)]);
    await large.closed;
  });

  it('is told by the settings how to connect', async () => {
    for (const [options, protocol] of [
      [{}, 'PLAINTEXT'],
      [{ users: USERS }, 'SASL_PLAINTEXT'],
    ] as const) {
      const { running } = await scene(options);
      const row = brokerConfigs(running.broker).find(({ name }) => name === 'advertised.listeners');
      expect(row?.value).toBe(`${protocol}://127.0.0.1:9092`);
    }
  });

  it('may send the messages of the mechanism bare, as the oldest handshake has it', async () => {
    const { client } = await scene({ users: USERS });
    expect((await client.call(saslHandshakeApi, 0, { mechanism: 'PLAIN' })).errorCode).toBe(0);
    const message = new TextEncoder().encode(`\0alice\0${USERS[0]!.password}`);
    const size = new Uint8Array([0, 0, 0, message.length]);
    client.sendRaw([size, message]);
    expect(await client.answer()).toHaveLength(0);
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
  });

  it('makes room for others while it has not, whatever it asked', async () => {
    const { client, connect } = await scene({ users: USERS, limits: { connections: 5 } });
    await client.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    const authBytes = new TextEncoder().encode(`\0alice\0${USERS[0]!.password}`);
    await client.call(saslAuthenticateApi, 2, { authBytes });
    for (let n = 0; n < 10; n++) {
      const stranger = await connect();
      expect((await stranger.call(apiVersionsApi, 3, {})).errorCode).toBe(0);
    }
    expect((await client.call(metadataApi, 9, { topics: null })).brokers).toHaveLength(1);
  });

  it.each([
    ['n,,n=alice,r=', 'no nonce'],
    ['n,,n==2X,r=abc', 'a name that is not escaped'],
    ['p=tls-unique,,n=alice,r=abc', 'channel binding'],
    ['', 'nothing'],
    ['\u0000\u0001', 'noise'],
  ])('fails with the SCRAM greeting %j: %s', async (greeting) => {
    const { client, clock } = await scene({ users: USERS });
    await client.call(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' });
    const answer = client.call(saslAuthenticateApi, 2, { authBytes: new TextEncoder().encode(greeting) });
    await clock.advance(200);
    expect((await answer).errorCode).toBe(errorCodes.SASL_AUTHENTICATION_FAILED);
    await client.closed;
  });

  it('does not find these APIs where nobody has to log in', async () => {
    const { client } = await scene();
    const { apiKeys } = await client.call(apiVersionsApi, 3, {});
    expect(apiKeys.filter(({ apiKey }) => apiKey === 17 || apiKey === 36)).toEqual([]);
  });
});

describe('listening beyond this machine', () => {
  it.each([
    ['0.0.0.0', {}, false],
    ['192.168.1.5', {}, false],
    ['0.0.0.0', { insecure: true }, true],
    ['0.0.0.0', { users: USERS }, true],
    ['127.0.0.1', {}, true],
    ['::1', {}, true],
  ])('on %s with %o: %s', async (host, options, allowed) => {
    if (allowed) expect((await scene({ host, ...options })).running.port).toBe(9092);
    else await expect(scene({ host, ...options })).rejects.toMatchObject({ code: 'usage' });
  });

  it('takes no password without TLS', async () => {
    const { client } = await scene({ host: '0.0.0.0', users: USERS });
    const { mechanisms } = await client.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    expect(mechanisms).toEqual(['SCRAM-SHA-256', 'SCRAM-SHA-512']);
  });
});

describe.skipIf(!hasCommand(OPENSSL))('TLS', () => {
  it('carries a login and all that follows', async () => {
    const tls = makeCertificate();
    const sasl: SASLOptions = { mechanism: 'plain', username: 'alice', password: USERS[0]!.password };
    const advertised = { host: 'localhost' };
    expect(await topicsOver({ tls, advertised }, sasl, { ca: [tls.cert] })).toEqual(['t']);
  });
});
