import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../src/base/bytes.js';
import { systemHttp } from '../../../src/base/system-http.js';
import { apiFixture } from '../../support/stub-apis/faults.js';
import { StubApis } from '../../support/stub-apis/server.js';

const STATUS = '/opendata/Velib_Metropole/station_status.json';
const http = systemHttp({});
let stub: StubApis;
beforeAll(async () => {
  stub = await StubApis.start();
});
afterAll(() => stub.stop());

const get = (
  path: string,
  options: { timeoutMs?: number; maxBodyBytes?: number; signal?: AbortSignal; headers?: Record<string, string> } = {},
) => http.send({ url: `${stub.url}${path}`, headers: {}, timeoutMs: 5000, maxBodyBytes: 1_000_000, ...options });

const listening = (server: Server) => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
const requestTo = (server: Server, path: string) => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  headers: {},
  timeoutMs: 5000,
  maxBodyBytes: 1_000_000,
});

describe('HTTP over sockets', () => {
  it('gives status, headers and the body without its encoding', async () => {
    const answer = await get(STATUS);
    expect(answer).toMatchObject({ kind: 'response', status: 200 });
    if (answer.kind !== 'response') return;
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(fromUtf8(answer.body)).toBe(apiFixture('velib-status.json'));
    const again = await get(STATUS, { headers: { 'if-none-match': answer.headers.etag! } });
    expect(again).toMatchObject({ status: 304, body: new Uint8Array(0) });
  });

  it.each([
    ['u:p%40ss', 'u:p@ss'],
    ['u:50%off', 'u:50%off'],
    ['u:', 'u:'],
    [':p', ':p'],
  ])('sends the login %s of an address', async (written, meant) => {
    const url = `${stub.url.replace('//', `//${written}@`)}/login`;
    await http.send({ url, headers: {}, timeoutMs: 5000, maxBodyBytes: 1_000_000 });
    expect(stub.asked(/login/).at(-1)!.headers.authorization).toBe(`Basic ${btoa(meant)}`);
  });

  it.each([
    ['slow', { kind: 'slow' }, 'timeout'],
    ['cut off', { kind: 'truncated' }, 'broken'],
    ['closed without an answer', { kind: 'reset' }, 'broken'],
    ['larger than allowed', { kind: 'huge', bytes: 2_000_000 }, 'too-large'],
  ] as const)('tells when an answer is %s', async (_, fault, reason) => {
    // A connection of its own: a reset on a kept one is tried again without a word.
    stub.fail(/./, fault, 2);
    expect(await get(STATUS, { timeoutMs: 300 })).toMatchObject({ kind: 'failure', reason });
    while (((await get(STATUS)) as { status?: number }).status !== 200);
  });

  it.each([
    ['gzip', '', gzipSync],
    ['deflate', '', deflateSync],
    ['deflate', ' without its wrapping', deflateRawSync],
    ['br', '', brotliCompressSync],
  ])('reads %s%s, and tells when it is cut off', async (encoding, _, pack) => {
    const text = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `thing ${id % 7}` })));
    const packed = pack(text);
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      response.end(request.url === '/cut' ? packed.subarray(0, packed.length - 20) : packed);
    });
    await listening(server);
    const whole = await http.send(requestTo(server, '/'));
    expect(whole.kind === 'response' && fromUtf8(whole.body)).toBe(text);
    expect(await http.send(requestTo(server, '/cut'))).toMatchObject({ kind: 'failure', reason: 'broken' });
    server.closeAllConnections();
    server.close();
  });

  it('goes past as many kept connections as are dead', async () => {
    const used = new WeakSet<object>();
    const server = createServer((request, response) => {
      if (used.has(request.socket)) request.socket.destroy();
      else response.end('here');
      used.add(request.socket);
    });
    await listening(server);
    const opened = await Promise.all([1, 2, 3].map(() => http.send(requestTo(server, '/'))));
    expect(opened).toMatchObject([{ status: 200 }, { status: 200 }, { status: 200 }]);
    expect(await http.send(requestTo(server, '/'))).toMatchObject({ kind: 'response', status: 200 });
    server.closeAllConnections();
    server.close();
  });

  it('bounds a body that is small on the wire and large inside', async () => {
    stub.set('/bomb', { status: 200, headers: {}, body: ' '.repeat(3_000_000) });
    expect(await get('/bomb')).toMatchObject({ reason: 'too-large' });
    stub.compresses = false;
    expect(await get('/bomb')).toMatchObject({ reason: 'too-large' });
    stub.compresses = true;
  });

  it('tells when nobody is there, and when it is called off', async () => {
    const nobody = await http.send({ url: 'http://127.0.0.1:1/', headers: {}, timeoutMs: 2000, maxBodyBytes: 1 });
    expect(nobody).toEqual({ kind: 'failure', reason: 'unreachable', message: 'nothing listens there' });
    const abort = new AbortController();
    stub.fail(/./, { kind: 'slow' });
    const pending = get(STATUS, { signal: abort.signal });
    abort.abort();
    expect(await pending).toMatchObject({ reason: 'stopped' });
    expect(await get(STATUS, { signal: AbortSignal.abort() })).toMatchObject({ reason: 'stopped' });
  });
});
