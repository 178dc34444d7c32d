/** Answer to one message of a login. */
export interface LoginStep {
  /** Goes back to the client. */
  readonly message: Uint8Array;
  /** Set when the client is who it says: its name. */
  readonly user?: string;
  /** Why it is not. */
  readonly error?: string;
}

/** The server's side of one mechanism: takes a message of the client, gives the answer. */
export type SaslExchange = (message: Uint8Array) => LoginStep;

/** What every failed login is told: nothing that helps guessing. */
export const LOGIN_FAILED = 'Authentication failed: invalid credentials';
