import type { ArrayPool } from '../../base/array-pool.js';
import { StreamctlError } from '../../base/errors.js';
import type { Connection } from '../../base/network.js';
import type { Timer } from '../../base/time.js';
import type { Api, RequestInputOf, ResponseOf } from '../../wire/api.js';
import { saslHandshakeApi } from '../../wire/apis/17-sasl-handshake.js';
import { apiVersionsApi } from '../../wire/apis/18-api-versions.js';
import { saslAuthenticateApi } from '../../wire/apis/36-sasl-authenticate.js';
import { errorCodes } from '../../wire/error-codes.js';
import { correlationIdOf, decodeResponse, encodeRequest } from '../../wire/frame.js';
import { FrameReader } from '../../wire/frame-reader.js';
import type { BrokerAddress, ClientEdges, ClientSettings } from './interfaces.js';
import { KafkaFailure } from './kafka-failure.js';
import { authenticate } from './sasl.js';

const SOFTWARE_NAME = 'streamctl';
const SOFTWARE_VERSION = '0.1.0';
/** Of ApiVersions: a broker that knows only older ones answers in the oldest form. */
const FIRST_VERSION = 3;

interface Pending {
  readonly api: Api;
  readonly version: number;
  readonly timer: Timer;
  resolve(body: unknown): void;
  reject(error: Error): void;
}

interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** How one request is sent. */
export interface SendOptions {
  readonly timeoutMs: number;
  /** The highest version that may be used, where a newer one means something else. */
  readonly maxVersion?: number;
}

/** One open connection to one broker: numbers requests, matches answers, and knows which versions the broker speaks. */
export class BrokerConnection {
  readonly peer: string;
  readonly #clock: ClientEdges['clock'];
  readonly #clientId: string;
  readonly #connection: Connection;
  readonly #frames: FrameReader;
  readonly #pending = new Map<number, Pending>();
  /** Those who wait in {@link drained}. */
  #draining: (() => void)[] = [];
  #versions: ReadonlyMap<number, VersionRange> = new Map();
  #nextId = 1;
  #closedBy: Error | undefined;
  #onClose: (() => void) | undefined;

  private constructor(connection: Connection, settings: ClientSettings, edges: ClientEdges, arrays: ArrayPool) {
    this.peer = connection.peer;
    this.#frames = new FrameReader(arrays);
    this.#connection = connection;
    this.#clock = edges.clock;
    this.#clientId = settings.clientId;
    connection.onData(
      (bytes) => this.#receive(bytes),
      () => this.#frames.room(),
    );
    connection.onDrain(() => this.#drained());
    connection.onClose((error) => this.#end(lost(this.peer, error)));
  }

  /**
   * Connects, asks for the broker's versions and logs in.
   * @param arrays where long answers are read to.
   * @throws `broker-unreachable`, or `broker-refused` when the login fails.
   */
  static async open(
    address: BrokerAddress,
    settings: ClientSettings,
    edges: ClientEdges,
    arrays: ArrayPool,
  ): Promise<BrokerConnection> {
    const raw = await edges.network.connect(address.host, address.port, {
      timeoutMs: settings.connectTimeoutMs,
      ...(settings.tls ? { tls: settings.tls } : {}),
    });
    const connection = new BrokerConnection(raw, settings, edges, arrays);
    try {
      await connection.#readVersions(settings.requestTimeoutMs);
      if (settings.sasl) await connection.#logIn(settings, edges);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  get closed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** Called once when the connection ends, whoever ended it. */
  onClose(handler: () => void): void {
    this.#onClose = handler;
  }

  /** The version to use for `api`. @throws `unsupported-version` when both sides have none in common. */
  version(api: Api, maxVersion = Number.MAX_SAFE_INTEGER): number {
    const broker = this.#versions.get(api.key);
    const highest = Math.min(api.versions.max, broker?.max ?? -1, maxVersion);
    if (broker && highest >= Math.max(api.versions.min, broker.min)) return highest;
    throw new StreamctlError('unsupported-version', `broker ${this.peer} does not offer ${api.name}`, {
      detail: broker
        ? `it speaks versions ${broker.min} to ${broker.max}, we speak ${api.versions.min} to ${api.versions.max}`
        : 'the request is not in its list',
      hint: 'brokers of Apache Kafka 2.1 and newer are supported',
    });
  }

  /** Whether the broker offers `api` in some version from `minVersion`. */
  offers(api: Api, minVersion = 0): boolean {
    return (this.#versions.get(api.key)?.max ?? -1) >= Math.max(minVersion, api.versions.min);
  }

  /**
   * Sends a request and waits for its answer. Requests are written in the order of the calls.
   * @throws `broker-unreachable` when the connection ends or the answer does not come in time.
   */
  request<A extends Api>(api: A, body: RequestInputOf<A>, options: SendOptions): Promise<ResponseOf<A>> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy) return reject(this.#closedBy);
      const version = this.version(api, options.maxVersion);
      this.#send(api, version, body, options.timeoutMs, resolve as (body: unknown) => void, reject);
    });
  }

  /** Sends a request that the broker does not answer (Produce with acks 0). */
  sendOnly<A extends Api>(api: A, body: RequestInputOf<A>, maxVersion?: number): void {
    if (this.#closedBy) throw this.#closedBy;
    this.#connection.send(encodeRequest(api, this.version(api, maxVersion), this.#nextId++, this.#clientId, body));
  }

  /** Resolves once nothing waits to be handed to the kernel, or the connection has ended. */
  drained(): Promise<void> {
    if (this.#closedBy || this.#connection.pending() === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#draining.push(resolve));
  }

  /** Ends the connection; requests that wait are rejected. */
  close(): void {
    this.#connection.destroy();
    this.#end(new StreamctlError('broker-unreachable', `the connection to ${this.peer} was closed`));
  }

  #send<A extends Api>(
    api: A,
    version: number,
    body: RequestInputOf<A>,
    timeoutMs: number,
    resolve: (body: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const id = this.#nextId++;
    const frame = encodeRequest(api, version, id, this.#clientId, body);
    const timer = this.#clock.after(timeoutMs, () => {
      // Answers come in order: one that is missing means that all behind it are missing too.
      this.#end(
        new StreamctlError(
          'broker-unreachable',
          `broker ${this.peer} did not answer ${api.name} within ${timeoutMs} ms`,
        ),
      );
      this.#connection.destroy();
    });
    this.#pending.set(id, { api, version, timer, resolve, reject });
    this.#connection.send(frame);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closedBy) return;
    try {
      for (const frame of this.#frames.push(bytes)) this.#answer(frame);
    } catch (error) {
      this.#connection.destroy();
      this.#end(error as Error);
    }
  }

  #answer(frame: Uint8Array): void {
    const id = correlationIdOf(frame);
    const pending = this.#pending.get(id);
    if (!pending)
      throw new StreamctlError('malformed-frame', `broker ${this.peer} answered a request that was not made`);
    this.#pending.delete(id);
    pending.timer.cancel();
    const refused =
      pending.api.key === apiVersionsApi.key && ((frame[4]! << 8) | frame[5]!) === errorCodes.UNSUPPORTED_VERSION;
    pending.resolve(decodeResponse(pending.api, refused ? 0 : pending.version, frame).body);
  }

  #end(error: Error): void {
    if (this.#closedBy) return;
    this.#closedBy = error;
    for (const pending of this.#pending.values()) {
      pending.timer.cancel();
      pending.reject(error);
    }
    this.#pending.clear();
    this.#drained();
    this.#onClose?.();
  }

  #drained(): void {
    const waiting = this.#draining;
    this.#draining = [];
    for (const done of waiting) done();
  }

  async #readVersions(timeoutMs: number): Promise<void> {
    const body = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION };
    const ask = (version: number): Promise<ResponseOf<typeof apiVersionsApi>> =>
      new Promise((resolve, reject) => {
        this.#send(apiVersionsApi, version, body, timeoutMs, resolve as (body: unknown) => void, reject);
      });
    let answer = await ask(FIRST_VERSION);
    if (answer.errorCode === errorCodes.UNSUPPORTED_VERSION) answer = await ask(0);
    if (answer.errorCode !== 0) throw new KafkaFailure(`cannot talk to broker ${this.peer}`, answer.errorCode);
    this.#versions = new Map(answer.apiKeys.map((row) => [row.apiKey, { min: row.minVersion, max: row.maxVersion }]));
  }

  async #logIn(settings: ClientSettings, edges: ClientEdges): Promise<void> {
    const sasl = settings.sasl!;
    const options = { timeoutMs: settings.requestTimeoutMs };
    const what = `cannot log in to ${this.peer} as "${sasl.username}"`;
    const handshake = await this.request(saslHandshakeApi, { mechanism: sasl.mechanism }, options);
    if (handshake.errorCode !== 0) {
      throw new KafkaFailure(what, handshake.errorCode, `the broker offers ${handshake.mechanisms.join(', ')}`);
    }
    await authenticate(
      sasl,
      async (message) => {
        const answer = await this.request(saslAuthenticateApi, { authBytes: message }, options);
        if (answer.errorCode !== 0) throw new KafkaFailure(what, answer.errorCode, answer.errorMessage);
        return answer.authBytes;
      },
      edges.crypto,
    );
  }
}

function lost(peer: string, cause: Error | undefined): StreamctlError {
  return new StreamctlError('broker-unreachable', `the connection to broker ${peer} was lost`, {
    detail: cause?.message ?? 'the other side closed it',
    cause,
    hint: /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/.test(String((cause as { code?: unknown } | undefined)?.code))
      ? 'the broker wants a certificate of clients: -X ssl.certificate.location=FILE -X ssl.key.location=FILE'
      : 'check that the broker runs, and that security.protocol fits it',
  });
}
