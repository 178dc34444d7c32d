import type { ClientRequest, IncomingMessage, Agent as PlainAgent, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { concatBytes } from './bytes.js';
import type { HttpClient, HttpFailure, HttpFailureReason, HttpHeaders, HttpRequest, HttpResponse } from './http.js';
import { type HttpProxy, type ProxyEnvironment, proxyFor } from './proxy.js';
import { systemClock } from './system.js';
import { unescaped } from './url-text.js';

/** Connections kept open to one host. */
const MAX_IDLE_CONNECTIONS = 4;
/** Bound of all response headers together. */
const MAX_HEADER_BYTES = 64 * 1024;
/** A proxy that has not opened a way by then is given up. */
const TUNNEL_TIMEOUT_MS = 30_000;

interface Modules {
  readonly request: (options: RequestOptions) => ClientRequest;
  readonly agent: PlainAgent;
}

/** How a request goes out: where to, and by whom. */
interface Way {
  readonly modules: Modules;
  readonly options: RequestOptions;
}

/**
 * {@link HttpClient} over node:http and node:https, loaded when first used. Connections are kept and used again. The
 * environment may name proxies: plain requests are handed to them whole, encrypted ones go through a tunnel (CONNECT).
 * @see RFC 9110, 9.3.6
 */
export function systemHttp(environment: ProxyEnvironment): HttpClient {
  const opened = new Map<string, Promise<Modules>>();
  const modulesFor = (protocol: string, proxy?: HttpProxy): Promise<Modules> => {
    const name = proxy ? `${protocol}//${proxy.host}:${proxy.port}` : protocol;
    const found = opened.get(name) ?? open(protocol, proxy);
    opened.set(name, found);
    return found;
  };
  return {
    async send(request) {
      const url = new URL(request.url);
      const proxy = proxyFor(url, environment);
      if (typeof proxy === 'string') return { kind: 'failure', reason: 'unreachable', message: proxy };
      const way = proxy && url.protocol === 'http:' ? await handed(url, proxy) : await direct(url, proxy);
      // The other side may close a kept connection in the moment it is used again: the request never arrived. Others
      // that are kept may be as dead; a new one is never stale.
      let result = await exchange(way, request);
      while (result === 'stale') result = await exchange(way, request);
      return result;
    },
  };

  async function direct(url: URL, proxy: HttpProxy | undefined): Promise<Way> {
    const { urlToHttpOptions } = await import('node:url');
    // It throws for a login with a percent sign that begins no escape.
    const plain = new URL(url);
    plain.username = '';
    plain.password = '';
    const options = { ...(urlToHttpOptions(plain) as RequestOptions), ...loginOf(url) };
    return { modules: await modulesFor(url.protocol, proxy), options };
  }

  async function handed(url: URL, proxy: HttpProxy): Promise<Way> {
    const { host, port, authorization } = proxy;
    const headers = { host: url.host, ...(authorization ? { 'proxy-authorization': authorization } : {}) };
    const path = `http://${url.host}${url.pathname}${url.search}`;
    const options = { host, port, path, headers, ...loginOf(url) };
    return { modules: await modulesFor('http:'), options };
  }
}

function loginOf({ username, password }: URL): { readonly auth?: string } {
  return username === '' && password === '' ? {} : { auth: `${unescaped(username)}:${unescaped(password)}` };
}

async function open(protocol: string, proxy: HttpProxy | undefined): Promise<Modules> {
  const { Agent, request } = await (protocol === 'https:' ? import('node:https') : import('node:http'));
  const agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS }) as PlainAgent;
  if (proxy) await tunnelled(agent, proxy);
  return { request, agent };
}

type Connect = (options: ConnectionOptions, done: (error: Error | null, socket?: Socket) => void) => void;

/** Makes the connections of an agent go through a proxy. */
async function tunnelled(agent: PlainAgent, { host, port, authorization }: HttpProxy): Promise<void> {
  const [http, tls] = await Promise.all([import('node:http'), import('node:tls')]);
  const connect: Connect = (options, done) => {
    const target = `${options.host?.includes(':') ? `[${options.host}]` : options.host}:${options.port}`;
    const headers = { host: target, ...(authorization ? { 'proxy-authorization': authorization } : {}) };
    const call = http.request({ host, port, method: 'CONNECT', path: target, headers, agent: false });
    const timer = systemClock.after(TUNNEL_TIMEOUT_MS, () => call.destroy(new Error('it does not answer')));
    call.on('error', (error: NodeJS.ErrnoException) => {
      timer.cancel();
      done(new ProxyFailure(messageOf(error)));
    });
    call.on('connect', (answer, socket) => {
      timer.cancel();
      if (answer.statusCode === 200) {
        done(null, tls.connect({ ...options, socket }));
        return;
      }
      socket.destroy();
      done(new ProxyFailure(`it refuses the way out with ${answer.statusCode}`));
    });
    call.end();
  };
  Object.assign(agent, { createConnection: connect });
}

class ProxyFailure extends Error {
  constructor(message: string) {
    super(`the proxy: ${message}`);
  }
}

async function exchange(
  { modules: { request, agent }, options }: Way,
  wanted: HttpRequest,
): Promise<HttpResponse | HttpFailure | 'stale'> {
  return new Promise((settle) => {
    let isOver = false;
    const headers = { 'accept-encoding': 'gzip, deflate, br', ...wanted.headers, ...options.headers };
    const call = request({ ...options, agent, headers, maxHeaderSize: MAX_HEADER_BYTES });
    const timer = systemClock.after(wanted.timeoutMs, () =>
      fail('timeout', `no whole answer within ${wanted.timeoutMs / 1000} s`),
    );
    const stop = (): void => fail('stopped', 'called off');
    function end(result: HttpResponse | HttpFailure | 'stale'): void {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      wanted.signal?.removeEventListener('abort', stop);
      settle(result);
    }
    function fail(reason: HttpFailureReason, message: string): void {
      end({ kind: 'failure', reason, message });
      call.destroy();
    }
    call.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isStale) end('stale');
      else fail(reasonOf(error), messageOf(error));
    });
    call.on('response', (answer) => {
      readBody(answer, wanted.maxBodyBytes).then(
        (body) => end({ kind: 'response', status: answer.statusCode ?? 0, headers: headersOf(answer), body }),
        (error: Error) => {
          if (error instanceof TooLarge) fail('too-large', error.message);
          else fail('broken', `the answer broke off: ${error.message}`);
        },
      );
    });
    wanted.signal?.addEventListener('abort', stop, { once: true });
    if (wanted.signal?.aborted) stop();
    call.end();
  });
}

class TooLarge extends Error {
  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes} bytes`);
  }
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw new TooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Uint8Array).length;
    if (size > maxBytes) throw new TooLarge(maxBytes);
    chunks.push(chunk as Uint8Array);
  }
  const encoding = (answer.headers['content-encoding'] ?? '').trim().toLowerCase();
  const body = concatBytes(chunks);
  return body.length === 0 || encoding === '' || encoding === 'identity' ? body : inflate(encoding, body, maxBytes);
}

type Inflater = 'gunzipSync' | 'inflateSync' | 'inflateRawSync' | 'brotliDecompressSync';
const INFLATERS: Readonly<Record<string, Inflater>> = {
  gzip: 'gunzipSync',
  'x-gzip': 'gunzipSync',
  deflate: 'inflateSync',
  br: 'brotliDecompressSync',
};

async function inflate(encoding: string, body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  // Some servers leave the wrapping away that "deflate" means. @see RFC 9110, 8.4.1.2; RFC 1950, 2.2
  const isBare = encoding === 'deflate' && (body[0]! & 0x0f) !== 8;
  const name = isBare ? 'inflateRawSync' : INFLATERS[encoding];
  if (!name) throw new Error(`content encoding "${encoding}" is not known`);
  const zlib = await import('node:zlib');
  try {
    const plain = zlib[name](body, { maxOutputLength: maxBytes });
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooLarge(maxBytes) : error;
  }
}

function headersOf(answer: IncomingMessage): HttpHeaders {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

function reasonOf(error: NodeJS.ErrnoException): HttpFailureReason {
  // The parser's own codes: what came is no HTTP.
  if (error.code?.startsWith('HPE_') || error.code === 'ECONNRESET') return 'broken';
  return 'unreachable';
}

const MESSAGES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed before an answer',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: 'the host cannot be reached',
  ETIMEDOUT: 'the host does not answer',
};

function messageOf(error: NodeJS.ErrnoException): string {
  const known = MESSAGES[error.code ?? ''];
  // Several addresses were tried: each has its own error.
  const inner = (error as AggregateError).errors as NodeJS.ErrnoException[] | undefined;
  return known ?? (inner?.[0] ? messageOf(inner[0]) : error.message || (error.code ?? 'unknown failure'));
}
