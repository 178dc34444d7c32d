import { fromUtf8, utf8 } from '../../base/bytes.js';
import type { Crypto } from '../../base/codec-interfaces.js';
import { LOGIN_FAILED, type LoginStep, type SaslExchange } from './sasl.js';
import { startScram } from './scram.js';
import type { SaslMechanism, UserTable } from './users.js';

const NOTHING = new Uint8Array(0);

/** Progress of one connection's SASL login. @see KIP-43, KIP-152 */
export class Login {
  readonly #users: UserTable;
  readonly #crypto: Crypto;
  #exchange: SaslExchange | undefined;
  #user: string | undefined;
  #failed = false;
  #bare = false;

  constructor(users: UserTable, crypto: Crypto) {
    this.#users = users;
    this.#crypto = crypto;
  }

  /** Whether the client has proven who it is. */
  get done(): boolean {
    return this.#user !== undefined;
  }

  /** Whether it failed to: the connection ends after the answer. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether the next frame is a bare message of the mechanism. */
  get bare(): boolean {
    return this.#bare && !this.done && !this.#failed;
  }

  /** `User:NAME` once done. */
  get principal(): string {
    return `User:${this.#user ?? 'ANONYMOUS'}`;
  }

  /** Names of the mechanisms offered. */
  get mechanisms(): readonly SaslMechanism[] {
    return this.#users.mechanisms;
  }

  /**
   * SaslHandshake: chooses the mechanism.
   * @param bare whether its messages come as frames of their own, as in version 0.
   * @returns whether it is offered.
   */
  choose(name: string, bare = false): boolean {
    const mechanism = this.mechanisms.find((offered) => offered === name);
    if (!mechanism) return false;
    this.#bare = bare;
    this.#exchange = mechanism === 'PLAIN' ? plain(this.#users) : startScram(mechanism, this.#users, this.#crypto);
    return true;
  }

  /** SaslAuthenticate: the next message of the client; undefined when SaslHandshake has to come first. */
  step(message: Uint8Array): LoginStep | undefined {
    if (!this.#exchange || this.done || this.#failed) return undefined;
    const step = this.#exchange(message);
    if (step.error !== undefined) this.#failed = true;
    if (step.user !== undefined) this.#user = step.user;
    return step;
  }
}

/** One message with name and password. @see RFC 4616 */
function plain(users: UserTable): SaslExchange {
  return (message) => {
    const [authorizeAs, name, password, ...rest] = fromUtf8(message).split('\0');
    const whole = name !== undefined && password !== undefined && rest.length === 0;
    if (!whole || (authorizeAs !== '' && authorizeAs !== name)) return { message: NOTHING, error: LOGIN_FAILED };
    const right = users.hasPassword(name, utf8(password));
    return right ? { message: NOTHING, user: name } : { message: NOTHING, error: LOGIN_FAILED };
  };
}
