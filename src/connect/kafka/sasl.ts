import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.js';
import type { Crypto, HashName } from '../../base/codec-interfaces.js';
import { StreamctlError } from '../../base/errors.js';
import type { SaslSettings } from './interfaces.js';

const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 1_000_000;
const NONCE_BYTES = 24;

/** Sends one SASL message and gives back the broker's answer to it. */
export type SaslExchange = (message: Uint8Array) => Promise<Uint8Array>;

/**
 * Logs in by the mechanism of `settings`. @throws `broker-refused` when the broker does not know the secret it should.
 * @see RFC 4616 (PLAIN), RFC 5802 (SCRAM)
 */
export async function authenticate(settings: SaslSettings, exchange: SaslExchange, crypto: Crypto): Promise<void> {
  if (settings.mechanism === 'PLAIN') {
    await exchange(utf8(`\0${settings.username}\0${settings.password}`));
    return;
  }
  await scram(settings.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512', settings, exchange, crypto);
}

async function scram(hash: HashName, settings: SaslSettings, exchange: SaslExchange, crypto: Crypto): Promise<void> {
  const nonce = base64(crypto.randomBytes(NONCE_BYTES));
  const name = settings.username.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const clientFirst = `n=${name},r=${nonce}`;
  const serverFirst = fromUtf8(await exchange(utf8(`n,,${clientFirst}`)));
  const { r: fullNonce, s: salt, i: count } = attributes(serverFirst);
  const iterations = Number(count);
  if (!fullNonce?.startsWith(nonce) || salt === undefined) throw refused('its challenge does not belong to our nonce');
  if (!(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) throw refused(`it asks for ${count} iterations`);
  // As it is, unlike the RFC has it: neither Kafka's brokers nor its other clients normalise.
  const password = utf8(settings.password);
  const size = hash === 'sha256' ? 32 : 64;
  const salted = crypto.pbkdf2(hash, password, fromBase64(salt), iterations, size);
  const clientKey = crypto.hmac(hash, salted, utf8('Client Key'));
  const withoutProof = `c=${base64(utf8('n,,'))},r=${fullNonce}`;
  const authMessage = utf8(`${clientFirst},${serverFirst},${withoutProof}`);
  const signature = crypto.hmac(hash, crypto.hash(hash, clientKey), authMessage);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
  const serverFinal = attributes(fromUtf8(await exchange(utf8(`${withoutProof},p=${base64(proof)}`))));
  const expected = crypto.hmac(hash, crypto.hmac(hash, salted, utf8('Server Key')), authMessage);
  const given = fromBase64(serverFinal.v ?? '');
  if (!crypto.equal(expected, given)) throw refused(serverFinal.e ?? 'it could not prove that it knows the password');
}

function refused(detail: string): StreamctlError {
  return new StreamctlError('broker-refused', 'the login failed: the broker cannot be trusted', { detail });
}

function attributes(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  try {
    return concatBytes([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))]);
  } catch {
    throw refused('its answer is not base64');
  }
}
