import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { systemCrypto } from '../../../src/base/crypto.js';
import { fromBase64, toBase64 } from '../../../src/broker/security/base64.js';
import type { LoginStep } from '../../../src/broker/security/sasl.js';
import { startScram } from '../../../src/broker/security/scram.js';
import { UserTable } from '../../../src/broker/security/users.js';

const NONCE = 'client-nonce';

/** Logs in with the right password, saying `r=` of the last message as `nonceOf` makes it from the server's. */
function logIn(nonceOf: (whole: string) => string): LoginStep {
  const crypto = systemCrypto;
  const exchange = startScram('SCRAM-SHA-256', new UserTable([{ name: 'ann', password: 'pw' }], true, crypto), crypto);
  const bare = `n=ann,r=${NONCE}`;
  const challenge = fromUtf8(exchange(utf8(`n,,${bare}`)).message);
  const [, nonce, salt, iterations] = /^r=(.*),s=(.*),i=(\d+)$/.exec(challenge)!;
  const salted = crypto.pbkdf2('sha256', utf8('pw'), fromBase64(salt!)!, Number(iterations), 32);
  const clientKey = crypto.hmac('sha256', salted, utf8('Client Key'));
  const last = `c=${toBase64(utf8('n,,'))},r=${nonceOf(nonce!)}`;
  const storedKey = crypto.hash('sha256', clientKey);
  const signature = crypto.hmac('sha256', storedKey, utf8(`${bare},${challenge},${last}`));
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
  return exchange(utf8(`${last},p=${toBase64(proof)}`));
}

describe('the nonce of the last SCRAM message', () => {
  it.each([
    ['as the RFC wants it', (whole: string) => whole],
    ["with the client's part twice, as librdkafka before 2.6.1 does", (whole: string) => NONCE + whole],
  ])('is taken %s', (_, nonceOf) => {
    expect(logIn(nonceOf)).toMatchObject({ user: 'ann' });
  });

  it.each([
    ["without the server's part", () => NONCE],
    ["with another server's part", (whole: string) => `${whole.slice(0, -1)}~`],
    ['with something else in front', (whole: string) => `other${whole}`],
  ])('is refused %s', (_, nonceOf) => {
    const step = logIn(nonceOf);
    expect(step.user).toBe(undefined);
    expect(step.error).toContain('invalid credentials');
  });
});
