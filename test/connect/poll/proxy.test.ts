import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import { systemHttp } from '../../../src/base/system-http.js';
import { hasCommand } from '../../support/broker-under-test.js';
import { ndjson, Workspace } from '../../support/streamctl.js';
import { StubApis } from '../../support/stub-apis/server.js';

const OPENSSL = 'openssl';
const VELIB = 'velib-metropole-opendata.smovengo.cloud';

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

  it('takes a percent sign in a login for itself', async () => {
    await get(`http://me:50%off@127.0.0.1:${port()}/items`, { HTTP_PROXY: `http://me:5%@127.0.0.1:${port()}` });
    expect(asked.at(-1)).toMatchObject({ authorization: `Basic ${Buffer.from('me:5%').toString('base64')}` });
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

  it.skipIf(!hasCommand(OPENSSL))(
    'polls encrypted APIs through a tunnel, their certificates checked',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'streamctl-tls-'));
      const stub = await StubApis.start();
      const api = createTlsServer(certificate(folder, ['feed.invalid', VELIB]), (request, response) => {
        response.setHeader('content-type', 'application/json');
        if (request.headers.host === VELIB) void relay(`${stub.url}${request.url}`, response);
        else response.end('[{"id":1},{"id":2}]');
      });
      await new Promise<void>((done) => void api.listen(0, '127.0.0.1', done));
      tlsPort = (api.address() as AddressInfo).port;
      const space = new Workspace({ HTTPS_PROXY: `http://127.0.0.1:${port()}` });
      const trust = { env: { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') } };
      try {
        const words = ['poll', 'https://feed.invalid/items', '-t', '-', '--once', '--json', '--retry', '0'];
        const trusted = await space.run(words, trust);
        expect(trusted).toMatchObject({ code: 0 });
        expect(ndjson(trusted.stdout).filter(({ type }) => type === 'record')).toHaveLength(2);
        const stranger = await space.run(words);
        expect(stranger).toMatchObject({ code: 3, stderr: expect.stringContaining('self-signed certificate') });
        // A pipeline that polls by itself, its API as it is named in the program.
        const live = await space.run(['run', 'velib', '--until', 'eof', '--json'], trust);
        expect(live.code, live.stderr).toBe(0);
        expect(ndjson(live.stdout).at(-1)).toMatchObject({ type: 'end', ok: true, rows: 6 });
        expect(asked.at(-1)?.what).toBe(`CONNECT ${VELIB}:443`);
      } finally {
        await space.remove();
        api.closeAllConnections();
        api.close();
        await stub.stop();
        rmSync(folder, { recursive: true });
      }
    },
    30_000,
  );
});

/** A certificate for some hosts, which nobody has signed but itself. */
function certificate(folder: string, hosts: readonly string[]): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  const subject = ['-subj', `/CN=${hosts[0]}`, '-addext', `subjectAltName=${names}`];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync(OPENSSL, [...made, ...subject], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

async function relay(url: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(url);
  response.statusCode = answer.status;
  response.end(await answer.text());
}
