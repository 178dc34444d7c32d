/** Progress of one connection's SASL login. */
export interface Login {
  /** Whether the client has proven who it is. */
  readonly done: boolean;
  /** Whether it failed to: the connection ends after the answer. */
  readonly failed: boolean;
  /** `User:NAME` once done. */
  readonly principal: string;
  /** SaslHandshake: chooses the mechanism. @returns whether it is offered. */
  choose(mechanism: string): boolean;
  /** Names of the mechanisms offered. */
  readonly mechanisms: readonly string[];
  /** SaslAuthenticate: the next message of the client. */
  step(message: Uint8Array): LoginStep;
}

/** Answer to one message of a login. */
export interface LoginStep {
  /** Goes back to the client. */
  readonly message: Uint8Array;
  /** Why it failed. */
  readonly error?: string;
  /** The login has to begin with SaslHandshake. */
  readonly outOfOrder?: boolean;
}
