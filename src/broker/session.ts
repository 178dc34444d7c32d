import type { ArrayPool } from '../base/array-pool.js';
import { concatBytes } from '../base/bytes.js';
import { StreamctlError } from '../base/errors.js';
import type { Connection } from '../base/network.js';
import type { Api } from '../wire/api.js';
import { errorCodes } from '../wire/error-codes.js';
import { apiKeyOf, decodeRequest, decodeRequestHeader, encodeResponse, type RequestHeader } from '../wire/frame.js';
import type { Broker } from './broker.js';
import type { Handler, HandlerContext, Peer } from './handler.js';
import type { HandlerTable } from './handler-table.js';
import { apiVersionsBody } from './handlers/18-api-versions.js';
import type { Limits } from './limits.js';
import { RequestFrames } from './request-frames.js';
import type { Login } from './security/login.js';
import { LOGIN_FAILED } from './security/sasl.js';

/** ApiVersions has to be answered whatever its version, so that the two sides can find one. */
const API_VERSIONS_KEY = 18;
/** Largest request of a client that has not logged in (Kafka's `sasl.server.max.receive.size`). */
const LOGIN_FRAME_BYTES = 524_288;
/** Answers up to this size together are copied into one piece. */
const JOINED_BYTES_MAX = 8192;
/** What a client may ask before it has logged in. */
const OPEN_TO_ALL: ReadonlySet<number> = new Set([17, API_VERSIONS_KEY, 36]);

const DONE = Promise.resolve();

/** What a session needs from its server. */
export interface SessionHost {
  readonly broker: Broker;
  readonly limits: Limits;
  readonly handlers: HandlerTable;
  /** Where large requests and answers have their arrays from. */
  readonly arrays: ArrayPool;
  /** State of SASL; undefined where nobody has to log in. */
  newLogin(): Login | undefined;
  /** An answer in place of the handler's, when the chaos switch says so. */
  interfere(api: Api, request: object): object | undefined;
  /** A request was taken. */
  onRequest(session: Session): void;
  /** Bytes of requests that are incomplete or wait grew or shrank. */
  onHeld(deltaBytes: number): void;
  /** Bytes of answers that are not taken yet grew or shrank. */
  onUnsent(deltaBytes: number): void;
  /** Bytes of answers for which there is room, over all connections. */
  answerRoom(): number;
  onClosed(session: Session): void;
  /** A connection was closed by us; `bug` when it is our fault. */
  onTrouble(peer: string, error: unknown, bug: boolean): void;
}

/** The place of one answer in the order of requests. */
interface Slot {
  done: boolean;
  chunks: readonly Uint8Array[];
}

/** One client connection: requests in, answers out in the same order. */
export class Session {
  readonly #host: SessionHost;
  readonly #connection: Connection;
  readonly #frames: RequestFrames;
  readonly #slots: Slot[] = [];
  readonly #closing = new Set<() => void>();
  readonly #login: Login | undefined;
  readonly #address: string;
  /** Whole requests that are not begun because too many are in flight. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #peer: Peer | undefined;
  #held = 0;
  /** Bytes of answers that are ready and wait for earlier ones, or for the flush. */
  #ready = 0;
  #unsent = 0;
  #paused = false;
  #flushing = false;
  /** What answers the next request is being loaded. */
  #loading = false;
  #asked = false;
  #open = true;
  /** Time of the last request, from the clock's `elapsed`. */
  lastRequestMs: number;
  /** Since when there have been answers that the client has not taken, from the clock's `elapsed`. */
  unsentSinceMs = 0;

  constructor(host: SessionHost, connection: Connection) {
    this.#host = host;
    this.#connection = connection;
    this.#frames = new RequestFrames(host.limits.frameBytes, host.arrays, (frame) => this.#onFrame(frame));
    this.#login = host.newLogin();
    this.#address = `/${connection.peer.slice(0, connection.peer.lastIndexOf(':'))}`;
    this.lastRequestMs = host.broker.edges.clock.elapsed();
    connection.onData(
      (bytes) => this.#onData(bytes),
      () => this.#frames.room(),
    );
    connection.onDrain(() => {
      this.countUnsent();
      this.#goOn();
    });
    connection.onClose(() => this.#onClose());
  }

  /** Bytes of the request that is coming in, and of those that wait. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Answers that are not sent yet. */
  get busy(): boolean {
    return this.#slots.length > 0 || this.#waiting.length > 0;
  }

  /** Whether a whole request ever came, and whoever has to log in has done so. */
  get proven(): boolean {
    return this.#asked && (this.#login?.done ?? true);
  }

  get peer(): string {
    return this.#connection.peer;
  }

  /** Closes at once. */
  destroy(): void {
    this.#connection.destroy();
  }

  /** Counts anew, and gives, the bytes of answers that the client has not taken. */
  countUnsent(): number {
    const bytes = this.#open ? this.#ready + this.#connection.pending() : 0;
    const delta = bytes - this.#unsent;
    if (this.#unsent === 0) this.unsentSinceMs = this.#host.broker.edges.clock.elapsed();
    this.#unsent = bytes;
    if (delta !== 0) this.#host.onUnsent(delta);
    return bytes;
  }

  /** Closes at once and says why. */
  cutOff(why: string): void {
    this.#fail(new StreamctlError('limit-exceeded', why));
  }

  #onData(bytes: Uint8Array): void {
    // Answers that are ready at once leave together when all of it was looked at.
    this.#flushing = true;
    try {
      this.#frames.push(bytes);
      this.#flush();
      if (!this.#open) return;
      this.#countHeld(this.#frames.heldBytes + this.#waitingBytes);
      if (this.#login && !this.#login.done && this.#frames.announcedBytes > LOGIN_FRAME_BYTES) {
        throw new StreamctlError('limit-exceeded', `more than ${LOGIN_FRAME_BYTES} bytes before the login`);
      }
      this.#settleReading();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Begins a request, or puts it by: its bytes are ours only until then. */
  #onFrame(frame: Uint8Array): void {
    if (!this.#open) return;
    if (this.#waiting.length === 0 && this.#mayBegin(frame)) {
      this.#begin(frame);
    } else {
      this.#waiting.push(frame.slice());
      this.#waitingBytes += frame.length;
    }
  }

  /** Begins waiting requests as far as the bounds allow. */
  #goOn(): void {
    let begun = 0;
    while (this.#open && begun < this.#waiting.length && this.#mayBegin(this.#waiting[begun]!)) {
      this.#begin(this.#waiting[begun++]!);
    }
    if (begun > 0) {
      this.#waitingBytes -= sizeOf(this.#waiting.slice(0, begun));
      this.#waiting = this.#waiting.slice(begun);
      if (this.#open) this.#countHeld(this.#frames.heldBytes + this.#waitingBytes);
    }
    this.#settleReading();
  }

  /** Whether the bounds allow a request to begin, and what answers it is loaded. */
  #mayBegin(frame: Uint8Array): boolean {
    const { requestsInFlight, unsentBytes } = this.#host.limits;
    if (this.#slots.length >= requestsInFlight || this.#ready + this.#connection.pending() > unsentBytes) return false;
    return this.#hasHandler(frame);
  }

  /** Stops reading while requests wait, and restarts it. */
  #settleReading(): void {
    if (!this.#open) return;
    const full = this.#waiting.length > 0;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#connection.pause();
    else this.#connection.resume();
  }

  /** Whether what answers a request is loaded; it begins to be when not, and the session goes on once it is. */
  #hasHandler(frame: Uint8Array): boolean {
    if (this.#loading) return false;
    const loading = this.#login?.bare ? undefined : this.#host.handlers.load(apiKeyOf(frame));
    if (!loading) return true;
    this.#loading = true;
    loading.then(
      () => {
        this.#loading = false;
        this.#goOn();
      },
      (error: unknown) => this.#fail(error),
    );
    return false;
  }

  #begin(frame: Uint8Array): void {
    try {
      this.#handle(frame);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param frame looked at until this returns; no handler keeps a part of it. */
  #handle(frame: Uint8Array): void {
    if (this.#login?.bare) {
      this.#stepBare(this.#login, frame);
      return;
    }
    const header = decodeRequestHeader(frame);
    this.#asked = true;
    this.lastRequestMs = this.#host.broker.edges.clock.elapsed();
    this.#host.onRequest(this);
    const handler = this.#host.handlers.get(header.apiKey);
    if (!handler) throw unusable(header, 'is not offered');
    const { api } = handler;
    const { min, max } = api.versions;
    if (header.apiVersion < min || header.apiVersion > max) {
      if (header.apiKey !== API_VERSIONS_KEY) throw unusable(header, `is offered from version ${min} to ${max}`);
      this.#answerOldest(handler, header);
      return;
    }
    if (this.#login && !this.#login.done && !OPEN_TO_ALL.has(header.apiKey)) {
      throw unusable(header, 'needs a login first');
    }
    const request = decodeRequest(api, header);
    const disturbed = this.#host.interfere(api, request);
    const context: HandlerContext = {
      broker: this.#host.broker,
      peer: this.#peerOf(header),
      version: header.apiVersion,
      correlationId: header.correlationId,
      arrays: this.#host.arrays,
      answerRoom: () => this.#host.answerRoom(),
    };
    const reply = disturbed ?? handler.handle(context, request as never);
    if (reply === undefined) return;
    const slot: Slot = { done: false, chunks: [] };
    this.#slots.push(slot);
    const { apiVersion, correlationId } = header;
    if (reply instanceof Promise) this.#fillLater(slot, api, apiVersion, correlationId, reply);
    else this.#fill(slot, api, apiVersion, correlationId, reply);
  }

  /** A function of its own, so that nothing keeps the request in memory until it is answered. */
  #fillLater(slot: Slot, api: Api, version: number, correlationId: number, reply: Promise<object | undefined>): void {
    reply.then(
      (body) => this.#fill(slot, api, version, correlationId, body),
      (error: unknown) => this.#fail(error),
    );
  }

  #fill(slot: Slot, api: Api, version: number, correlationId: number, body: object | undefined): void {
    if (!this.#open) return;
    try {
      if (body) slot.chunks = encodeResponse(api, version, correlationId, body as never);
    } catch (error) {
      this.#fail(error);
      return;
    }
    slot.done = true;
    this.#ready += sizeOf(slot.chunks);
    this.countUnsent();
    this.#scheduleFlush();
  }

  /** In a microtask, so that answers that become ready together leave together; a promise is the cheapest way to one. */
  #scheduleFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    void DONE.then(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (!this.#open) return;
    const chunks: Uint8Array[] = [];
    let count = 0;
    while (count < this.#slots.length && this.#slots[count]!.done) chunks.push(...this.#slots[count++]!.chunks);
    if (count === 0) return;
    this.#slots.splice(0, count);
    this.#ready -= sizeOf(chunks);
    const { arrays } = this.#host;
    const lent = chunks.filter((chunk) => arrays.isLent(chunk));
    const giveBack = (): void => {
      for (const chunk of lent) arrays.give(chunk);
    };
    this.#connection.send(joinSmall(chunks), lent.length > 0 ? giveBack : undefined);
    this.countUnsent();
    if (!this.#open) return;
    if (this.#login?.failed && this.#slots.length === 0) this.#connection.end();
    else this.#goOn();
  }

  /** ApiVersions in a version that is not known: the list in the oldest form, and the error. @see KIP-511 */
  #answerOldest(handler: Handler, header: RequestHeader): void {
    const slot: Slot = { done: false, chunks: [] };
    this.#slots.push(slot);
    const body = { ...apiVersionsBody(this.#host.broker, 0), errorCode: errorCodes.UNSUPPORTED_VERSION };
    this.#fill(slot, handler.api, 0, header.correlationId, body);
  }

  /** A message of a SASL mechanism without Kafka's header: what follows SaslHandshake version 0. */
  #stepBare(login: Login, frame: Uint8Array): void {
    const step = login.step(frame);
    if (!step || step.error !== undefined) throw new StreamctlError('malformed-frame', LOGIN_FAILED);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setInt32(0, step.message.length);
    this.#slots.push({ done: true, chunks: [size, step.message] });
    this.#ready += size.length + step.message.length;
    this.#scheduleFlush();
  }

  /** What handlers see of this connection; one object as long as the client does not change its name. */
  #peerOf(header: RequestHeader): Peer {
    const clientId = header.clientId ?? '';
    if (this.#peer?.clientId === clientId) return this.#peer;
    const session = this;
    this.#peer = {
      clientId,
      host: this.#address,
      login: this.#login,
      get principal() {
        return session.#login?.principal ?? 'User:ANONYMOUS';
      },
      get open() {
        return session.#open;
      },
      onClose(action) {
        session.#closing.add(action);
        return () => void session.#closing.delete(action);
      },
    };
    return this.#peer;
  }

  #countHeld(bytes: number): void {
    const delta = bytes - this.#held;
    this.#held = bytes;
    if (delta !== 0) this.#host.onHeld(delta);
  }

  #fail(error: unknown): void {
    if (!this.#open) return;
    const known = error instanceof StreamctlError && error.blame !== 'bug';
    this.#host.onTrouble(this.#connection.peer, error, !known);
    this.#connection.destroy();
    this.#onClose();
  }

  #onClose(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#countHeld(0);
    this.countUnsent();
    this.#waiting = [];
    this.#slots.length = 0;
    this.#host.onClosed(this);
    for (const action of [...this.#closing]) action();
    this.#closing.clear();
  }
}

/** Small answers as one piece: one plain write costs the kernel less than a gathering one. */
function joinSmall(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chunks.length === 1) return chunks;
  return sizeOf(chunks) > JOINED_BYTES_MAX ? chunks : [concatBytes(chunks)];
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  return size;
}

function unusable(header: RequestHeader, why: string): StreamctlError {
  return new StreamctlError('unsupported-version', `API ${header.apiKey} version ${header.apiVersion} ${why}`);
}
