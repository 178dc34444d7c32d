import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Api, RequestInputOf, ResponseOf } from '../../src/wire/api.js';
import { decodeResponse, encodeRequest } from '../../src/wire/frame.js';

/** One connection that sends any request in any version: what no client library would send, too. */
export class RawClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (frame: Uint8Array) => void>();
  #received = Buffer.alloc(0);
  #sent = 0;

  /** @param address `host:port` @param tls whether the broker speaks TLS; its certificate is not looked at. */
  constructor(address: string, tls = false) {
    const [host, port] = address.split(':') as [string, string];
    this.#socket = tls
      ? connectTls({ port: Number(port), host, rejectUnauthorized: false })
      : connect(Number(port), host);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk) => this.#receive(chunk));
  }

  async send<A extends Api>(api: A, version: number, body: RequestInputOf<A>): Promise<ResponseOf<A>> {
    const id = ++this.#sent;
    const answer = new Promise<Uint8Array>((resolve) => this.#waiting.set(id, resolve));
    for (const chunk of encodeRequest(api, version, id, 'raw', body)) this.#socket.write(chunk);
    return decodeResponse(api, version, await answer).body;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      this.#waiting.get(frame.readInt32BE(0))?.(Uint8Array.from(frame));
    }
  }
}
