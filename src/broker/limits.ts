/** The named bounds of a broker. Each refusal names the one that was reached. */
export interface Limits {
  /** Largest request frame. */
  readonly frameBytes: number;
  /** Connections at a time; beyond, the oldest one that never sent a whole request makes room. */
  readonly connections: number;
  /** Requests of one connection that wait for their answer; reading stops there. */
  readonly requestsInFlight: number;
  /** Bytes of answers that one connection has not taken yet; reading stops there. */
  readonly unsentBytes: number;
  /** Bytes of incomplete requests of all connections together; beyond, the largest one is cut off. */
  readonly heldBytes: number;
  /** Records in one fetch answer, however much the client asks for; a single larger batch still travels. */
  readonly fetchBytes: number;
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
  frameBytes: 104_857_600,
  connections: 4_000,
  requestsInFlight: 128,
  unsentBytes: 4 << 20,
  heldBytes: 128 << 20,
  fetchBytes: 16 << 20,
  fetchWaitMs: 300_000,
  partitions: 10_000,
  partitionsPerTopic: 2_000,
  idleConnectionMs: 600_000,
};
