import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import { systemHttp } from '../../../src/base/system-http.js';
import { hasCommand } from '../../support/broker-under-test.js';
import { ndjson, Workspace } from '../../support/streamctl.js';

const OPENSSL = 'openssl';

/** What the proxy was asked for. */
interface Asked {
  readonly what: string;
  readonly authorization: string | undefined;
}

const asked: Asked[] = [];
let proxy: Server;
let tlsPort = 0;
let refuses = false;
const port = (): number => (proxy.address() as AddressInfo).port;

beforeAll(async () => {
  proxy = createServer((request, response) => {
    asked.push({ what: `${request.method} ${request.url}`, authorization: request.headers['proxy-authorization'] });
    response.end(`by proxy for ${request.headers.host}`);
  });
  proxy.on('connect', (request, socket) => {
    asked.push({ what: `CONNECT ${request.url}`, authorization: request.headers['proxy-authorization'] });
    if (refuses) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    // Every name leads to the server of this test.
    const onward = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((done) => void proxy.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  proxy.closeAllConnections();
  proxy.close();
});

const get = (url: string, environment: Record<string, string>) =>
  systemHttp(environment).send({ url, headers: { accept: 'text/plain' }, timeoutMs: 5_000, maxBodyBytes: 10_000 });

describe('HTTP through a proxy', () => {
  it('hands over plain requests whole', async () => {
    const answer = await get('http://feed.invalid:8080/items?page=1', {
      HTTP_PROXY: `http://me:secret@127.0.0.1:${port()}`,
    });
    expect(answer.kind === 'response' && fromUtf8(answer.body)).toBe('by proxy for feed.invalid:8080');
    expect(asked.at(-1)).toEqual({
      what: 'GET http://feed.invalid:8080/items?page=1',
      authorization: `Basic ${Buffer.from('me:secret').toString('base64')}`,
    });
  });

  it('says when the proxy is gone, or refuses', async () => {
    expect(await get('https://feed.invalid/', { HTTPS_PROXY: 'http://127.0.0.1:1' })).toEqual({
      kind: 'failure',
      reason: 'unreachable',
      message: 'the proxy: nothing listens there',
    });
    refuses = true;
    expect(await get('https://feed.invalid/', { HTTPS_PROXY: `127.0.0.1:${port()}` })).toEqual({
      kind: 'failure',
      reason: 'unreachable',
      message: 'the proxy: it refuses the way out with 407',
    });
    refuses = false;
    expect(asked.at(-1)?.what).toBe('CONNECT feed.invalid:443');
  });

  it('goes past it where NO_PROXY says so', async () => {
    const before = asked.length;
    const environment = { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' };
    expect(await get(`http://127.0.0.1:${port()}/direct`, environment)).toMatchObject({ status: 200 });
    expect(asked.slice(before).map(({ what }) => what)).toEqual(['GET /direct']);
  });

  it.skipIf(!hasCommand(OPENSSL))('polls an encrypted API through a tunnel, its certificate checked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamctl-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=feed.invalid', '-addext', 'subjectAltName=DNS:feed.invalid'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync(OPENSSL, ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
      stdio: 'ignore',
    });
    const api = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('[{"id":1},{"id":2}]');
    });
    await new Promise<void>((done) => void api.listen(0, '127.0.0.1', done));
    tlsPort = (api.address() as AddressInfo).port;
    const space = new Workspace({ HTTPS_PROXY: `http://127.0.0.1:${port()}` });
    try {
      const words = ['poll', 'https://feed.invalid/items', '-t', '-', '--once', '--json', '--retry', '0'];
      const trusted = await space.run(words, { env: { NODE_EXTRA_CA_CERTS: cert } });
      expect(trusted).toMatchObject({ code: 0 });
      expect(ndjson(trusted.stdout).filter(({ type }) => type === 'record')).toHaveLength(2);
      const stranger = await space.run(words);
      expect(stranger).toMatchObject({ code: 3, stderr: expect.stringContaining('self-signed certificate') });
    } finally {
      await space.remove();
      api.closeAllConnections();
      api.close();
      rmSync(folder, { recursive: true });
    }
  });
});
