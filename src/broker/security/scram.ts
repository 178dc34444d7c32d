import { fromUtf8, utf8 } from '../../base/bytes.js';
import type { Crypto } from '../../base/codec-interfaces.js';
import { fromBase64, toBase64 } from './base64.js';
import { LOGIN_FAILED, type LoginStep, type SaslExchange } from './sasl.js';
import { hashOf, type SaslMechanism, type UserTable } from './users.js';

const NONCE_BYTES = 18;
/** A client that wants no channel binding, or has none. */
const GREETING = /^([ny]),(?:a=[^,]*)?,(?:m=[^,]*,)?n=([^,]*),r=([!-+\--~]+)(?:,.*)?$/;
const FINAL = /^(c=([A-Za-z0-9+/=]*),r=([!-+\--~]+)(?:,[^p][^,]*)*),p=([A-Za-z0-9+/=]+)$/;

/** The server's side of SCRAM: two messages each way. @see RFC 5802 */
export function startScram(mechanism: Exclude<SaslMechanism, 'PLAIN'>, users: UserTable, crypto: Crypto): SaslExchange {
  let second: SaslExchange | undefined;
  return (message) => {
    if (second) return second(message);
    const text = fromUtf8(message);
    const greeting = GREETING.exec(text);
    const name = greeting && unescaped(greeting[2]!);
    if (!greeting || name === undefined || name === '') return fail();
    const secret = users.scramSecret(name!, mechanism);
    const nonce = greeting[3]! + toBase64(crypto.randomBytes(NONCE_BYTES));
    const challenge = `r=${nonce},s=${toBase64(secret.salt)},i=${secret.iterations}`;
    const header = text.slice(0, text.indexOf('n=', 2));
    const bare = text.slice(header.length);
    second = (final) => {
      const parts = FINAL.exec(fromUtf8(final));
      const proof = parts && fromBase64(parts[4]!);
      if (!parts || !proof) return fail();
      // librdkafka before 2.6.1 says its own nonce twice. Ours is in it all the same, and all of it is signed.
      if (parts[3] !== nonce && parts[3] !== greeting[3]! + nonce) return fail();
      const binding = fromBase64(parts[2]!);
      if (!binding || fromUtf8(binding) !== header.replace(/m=[^,]*,$/, '')) return fail();
      const hash = hashOf(mechanism);
      const signed = utf8(`${bare},${challenge},${parts[1]}`);
      const signature = crypto.hmac(hash, secret.storedKey, signed);
      if (proof.length !== signature.length) return fail();
      const clientKey = proof.map((byte, index) => byte ^ signature[index]!);
      if (!crypto.equal(crypto.hash(hash, clientKey), secret.storedKey)) return fail();
      return { message: utf8(`v=${toBase64(crypto.hmac(hash, secret.serverKey, signed))}`), user: name! };
    };
    return { message: utf8(challenge) };
  };
}

function fail(): LoginStep {
  return { message: new Uint8Array(0), error: LOGIN_FAILED };
}

/** `=2C` is a comma and `=3D` an equals sign; any other use of `=` is malformed. */
function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
