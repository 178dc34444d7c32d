import type { ArrayPool } from '../base/array-pool.js';
import type { Api, RequestOf, ResponseInputOf } from '../wire/api.js';
import type { Broker } from './broker.js';
import type { Login } from './security/login.js';

/** What a handler knows about the connection its request came from. */
export interface Peer {
  /** Name the client gives itself in the request header; '' when null. */
  readonly clientId: string;
  /** Address without port, as Kafka shows it in group descriptions: `/127.0.0.1`. */
  readonly host: string;
  /** `User:NAME` proven by SASL, else `User:ANONYMOUS`. */
  readonly principal: string;
  /** Progress of the SASL login; undefined where none is asked for. */
  readonly login: Login | undefined;
  /** False after the connection went away: nobody will read the answer. */
  readonly open: boolean;
  /** Calls `action` once when the connection closes; returns how to take that back. */
  onClose(action: () => void): () => void;
}

/** All that a handler may touch beside its request. */
export interface HandlerContext {
  readonly broker: Broker;
  readonly peer: Peer;
  /** Version of the request; the answer is encoded in the same. */
  readonly version: number;
  readonly correlationId: number;
  /** Where the large arrays of an answer are taken from: they go back there once they are sent. */
  readonly arrays: ArrayPool;
  /** Bytes of answers for which there is room now, over all connections. */
  answerRoom(): number;
}

/** An answer at once, later, or (undefined) none at all: Produce with acks=0. */
export type Reply<A extends Api> = ResponseInputOf<A> | undefined | Promise<ResponseInputOf<A> | undefined>;

/**
 * One API of the broker. Errors of the protocol are fields of the answer; a thrown StreamctlError closes the
 * connection, anything else thrown is a bug: it closes the connection too and is reported as one.
 *
 * Requests of one connection are handled in the order they came, each `handle` starting before the next; answers leave
 * in that order too, so a handler that waits (join, long poll) holds back the later answers of its connection only.
 */
export interface Handler<A extends Api = Api> {
  readonly api: A;
  handle(context: HandlerContext, request: RequestOf<A>): Reply<A>;
}

/** Binds a handler to its API, so that request and answer are typed by the schema. */
export function defineHandler<A extends Api>(api: A, handle: Handler<A>['handle']): Handler {
  return { api, handle } as unknown as Handler;
}
