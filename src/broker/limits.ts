/** The named bounds of a broker. Each refusal names the one that was reached. */
export interface Limits {
  /** Largest request frame; a client that keeps to `max.request.size` of 1 MB is far below. */
  readonly frameBytes: number;
  /** Connections at a time; beyond, the oldest one that never sent a whole request, or has not logged in, makes room. */
  readonly connections: number;
  /** Requests of one connection that wait for their answer; reading stops there. */
  readonly requestsInFlight: number;
  /** Bytes of answers that one connection has not taken yet; reading stops there. */
  readonly unsentBytes: number;
  /**
   * Bytes of answers that all connections together have not taken yet. The nearer, the less a fetch gives; beyond, the
   * connection that has not read for longest is cut off.
   */
  readonly unsentTotalBytes: number;
  /** Bytes of requests that are incomplete or wait, of all connections together; beyond, the largest one is cut off. */
  readonly heldBytes: number;
  /** Records in one fetch answer, however much the client asks for; a single larger batch still travels. */
  readonly fetchBytes: number;
  /** Partitions that waiting fetches name, all together; beyond, a fetch is answered at once. */
  readonly waitingPartitions: number;
  /** Longest a fetch waits. */
  readonly fetchWaitMs: number;
  /** Partitions of all topics together. */
  readonly partitions: number;
  /** Partitions of one topic. */
  readonly partitionsPerTopic: number;
  /** A connection without a request for this long is closed. */
  readonly idleConnectionMs: number;
}

/** The bounds when nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  frameBytes: 48 << 20,
  connections: 4_000,
  requestsInFlight: 128,
  unsentBytes: 4 << 20,
  unsentTotalBytes: 24 << 20,
  heldBytes: 50 << 20,
  fetchBytes: 8 << 20,
  waitingPartitions: 80_000,
  fetchWaitMs: 300_000,
  partitions: 10_000,
  partitionsPerTopic: 2_000,
  idleConnectionMs: 600_000,
};
