import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Fault } from './faults.js';
import { GrowingFeed } from './feeds.js';
import { type Answer, route } from './routes.js';

/** A request as it arrived. */
export interface SeenRequest {
  readonly path: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly atMs: number;
}

/** All the APIs that the program knows by name, on one port of this machine, with everything that goes wrong on request. */
export class StubApis {
  readonly seen: SeenRequest[] = [];
  readonly feed = new GrowingFeed();
  readonly #server: Server;
  readonly #faults: { readonly path: RegExp; readonly fault: Fault; left: number }[] = [];
  readonly #fixed = new Map<string, Answer>();
  /** Compresses bodies where the client takes it. */
  compresses = true;

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  /** Starts on a free port of the loopback. */
  static async start(): Promise<StubApis> {
    const stub = new StubApis();
    await new Promise<void>((done) => stub.#server.listen(0, '127.0.0.1', done));
    return stub;
  }

  get url(): string {
    const address = this.#server.address() as { port: number };
    return `http://127.0.0.1:${address.port}`;
  }

  /** The next `times` requests for a path that matches meet this instead of an answer. */
  fail(path: RegExp, fault: Fault, times = 1): void {
    this.#faults.push({ path, fault, left: times });
  }

  /** Gives this for a path from now on. */
  set(path: string, answer: Answer): void {
    this.#fixed.set(path, answer);
  }

  /** Requests for paths that match. */
  asked(path: RegExp): readonly SeenRequest[] {
    return this.seen.filter((request) => path.test(request.path));
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((done) => void this.#server.close(() => done()));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    const headers = request.headers as Readonly<Record<string, string | undefined>>;
    this.seen.push({ path: url.pathname, url: request.url ?? '', headers, atMs: Date.now() });
    const met = this.#faults.find(({ path, left }) => left > 0 && path.test(url.pathname));
    if (met) {
      met.left--;
      this.#break(met.fault, response);
      return;
    }
    const asked = { path: url.pathname, query: url.searchParams, headers, origin: this.url };
    const isFeed = url.pathname.startsWith('/feed/');
    const answer = this.#fixed.get(url.pathname) ?? (isFeed ? this.feed.answer(asked) : route(asked));
    this.#send(
      answer ?? { status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"no such path"}' },
      headers,
      response,
    );
  }

  #send(answer: Answer, headers: SeenRequest['headers'], response: ServerResponse): void {
    const { status, headers: own = {}, body } = answer;
    const packs = this.compresses && /gzip/.test(headers['accept-encoding'] ?? '') && body.length > 0;
    const bytes = packs ? gzipSync(body) : body;
    response.writeHead(status, { ...own, ...(packs ? { 'content-encoding': 'gzip' } : {}) });
    response.end(bytes);
  }

  #break(fault: Fault, response: ServerResponse): void {
    const type = { 'content-type': 'application/json' };
    switch (fault.kind) {
      case 'answer':
        response.writeHead(fault.status, fault.headers);
        response.end(fault.body);
        break;
      case 'slow':
        response.writeHead(200, type);
        response.write('{"data":');
        break;
      case 'truncated':
        response.writeHead(200, { ...type, 'content-length': '1000' });
        response.write('{"data":{"stations":[');
        setTimeout(() => response.destroy(), 20);
        break;
      case 'reset':
        response.destroy();
        break;
      case 'garbage':
        response.writeHead(200, type);
        response.end('{"data": oops');
        break;
      case 'huge':
        response.writeHead(200, type);
        response.end(Buffer.alloc(fault.bytes, 0x20));
        break;
    }
  }
}
