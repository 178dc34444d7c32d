import { utf8 } from '../../base/bytes.js';
import type { Crypto, HashName } from '../../base/codec-interfaces.js';
import { StreamctlError } from '../../base/errors.js';

/** Ways to log in. */
export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** Somebody who may log in. */
export interface BrokerUser {
  readonly name: string;
  readonly password: string;
}

/** What a server keeps of a password for SCRAM. @see RFC 5802 */
export interface ScramSecret {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

const SCRAM_ITERATIONS = 4096;
const SALT_BYTES = 16;
const HASHES = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;
const DIGEST_BYTES = { sha256: 32, sha512: 64 } as const;

/** Hash of a SCRAM mechanism. */
export function hashOf(mechanism: Exclude<SaslMechanism, 'PLAIN'>): 'sha256' | 'sha512' {
  return HASHES[mechanism];
}

/** Who may log in, and how. Bounded by what the broker was started with. */
export class UserTable {
  readonly mechanisms: readonly SaslMechanism[];
  readonly #crypto: Crypto;
  readonly #passwords = new Map<string, Uint8Array>();
  readonly #secrets = new Map<string, ScramSecret>();
  readonly #decoy: Uint8Array;

  /** @param plain whether passwords may travel as they are: over TLS, or on this machine. */
  constructor(users: readonly BrokerUser[], plain: boolean, crypto: Crypto) {
    this.mechanisms = SASL_MECHANISMS.filter((mechanism) => plain || mechanism !== 'PLAIN');
    this.#crypto = crypto;
    this.#decoy = crypto.randomBytes(32);
    for (const { name, password } of users) {
      if (name === '' || password === '') {
        throw new StreamctlError('usage', 'a user of the broker needs a name and a password', {
          hint: 'write NAME:PASSWORD',
        });
      }
      // As it is: Kafka and its clients do not normalise, so one that NFKC changes would never fit.
      this.#passwords.set(name, utf8(password));
    }
  }

  /** Whether this is the user's password; takes as long when there is no such user. */
  hasPassword(name: string, password: Uint8Array): boolean {
    const known = this.#passwords.get(name);
    const digest = (bytes: Uint8Array): Uint8Array => this.#crypto.hmac('sha256', this.#decoy, bytes);
    return this.#crypto.equal(digest(known ?? this.#decoy), digest(password)) && known !== undefined;
  }

  /** The SCRAM secret of a user. For an unknown name one that nobody can match, the same each time. */
  scramSecret(name: string, mechanism: Exclude<SaslMechanism, 'PLAIN'>): ScramSecret {
    const key = `${mechanism} ${name}`;
    const known = this.#secrets.get(key);
    if (known) return known;
    const hash = hashOf(mechanism);
    const password = this.#passwords.get(name);
    if (!password) {
      const fake = (what: string): Uint8Array => this.#crypto.hmac(hash, this.#decoy, utf8(`${what} ${key}`));
      const salt = fake('salt').slice(0, SALT_BYTES);
      return { salt, iterations: SCRAM_ITERATIONS, storedKey: fake('stored'), serverKey: fake('server') };
    }
    const secret = this.#derive(hash, password);
    this.#secrets.set(key, secret);
    return secret;
  }

  #derive(hash: HashName & ('sha256' | 'sha512'), password: Uint8Array): ScramSecret {
    const { hmac, hash: digest, pbkdf2, randomBytes } = this.#crypto;
    const salt = randomBytes(SALT_BYTES);
    const salted = pbkdf2(hash, password, salt, SCRAM_ITERATIONS, DIGEST_BYTES[hash]);
    return {
      salt,
      iterations: SCRAM_ITERATIONS,
      storedKey: digest(hash, hmac(hash, salted, utf8('Client Key'))),
      serverKey: hmac(hash, salted, utf8('Server Key')),
    };
  }
}
