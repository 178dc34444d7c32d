import type { Connection, Network } from '../../src/base/network.js';
import type { Api, RequestInputOf, ResponseOf } from '../../src/wire/api.js';
import { decodeResponse, encodeRequest } from '../../src/wire/frame.js';
import { FrameSplitter } from '../../src/wire/frame-splitter.js';

/** A client that sends single requests in any version and gives back what the broker answered. */
export class WireClient {
  readonly #connection: Connection;
  readonly #waiting: ((frame: Uint8Array | undefined) => void)[] = [];
  #nextId = 1;
  #closed = false;
  /** Resolves when the broker closed the connection. */
  readonly closed: Promise<void>;

  private constructor(connection: Connection) {
    this.#connection = connection;
    const splitter = new FrameSplitter();
    connection.onData((bytes) => {
      for (const frame of splitter.push(bytes)) this.#waiting.shift()?.(frame);
    });
    this.closed = new Promise((resolve) => {
      connection.onClose(() => {
        this.#closed = true;
        for (const waiting of this.#waiting.splice(0)) waiting(undefined);
        resolve();
      });
    });
  }

  static async open(network: Network, port: number): Promise<WireClient> {
    return new WireClient(await network.connect('127.0.0.1', port));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Sends a request and waits for its answer; rejects when the connection is closed instead. */
  async call<A extends Api>(api: A, version: number, body: RequestInputOf<A>): Promise<ResponseOf<A>> {
    return decodeResponse(api, version, await this.frame(api, version, body)).body;
  }

  /** The bytes of the answer. */
  async frame<A extends Api>(api: A, version: number, body: RequestInputOf<A>): Promise<Uint8Array> {
    this.sendRaw(encodeRequest(api, version, this.#nextId++, 'wire-client', body));
    return this.answer();
  }

  /** Sends without waiting for an answer. */
  sendRaw(chunks: readonly Uint8Array[]): void {
    this.#connection.send(chunks);
  }

  /** The next answer. */
  async answer(): Promise<Uint8Array> {
    const frame = await new Promise<Uint8Array | undefined>((resolve) => {
      if (this.#closed) resolve(undefined);
      else this.#waiting.push(resolve);
    });
    if (!frame) throw new Error('the broker closed the connection');
    return frame;
  }

  /** Stops reading; what the broker sends piles up on its side. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Bytes that a paused client of a simulated network did not take. */
  get unreadBytes(): number {
    return (this.#connection as { heldBytes?: number }).heldBytes ?? 0;
  }

  close(): void {
    this.#connection.destroy();
  }
}
