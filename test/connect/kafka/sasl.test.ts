import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import { systemCrypto } from '../../../src/base/crypto.js';
import { authenticate } from '../../../src/connect/kafka/sasl.js';

/** The client nonce of the RFC's example, as the bytes that spell it. */
const nonceBytes = (nonce: string): Uint8Array => Uint8Array.from(atob(nonce), (character) => character.charCodeAt(0));
const exampleNonce = 'rOprNGfwEbeRWgbNEkqO';
const example = {
  first: `n,,n=user,r=${exampleNonce}`,
  challenge: `r=${exampleNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
  proof: `c=biws,r=${exampleNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  final: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};
const crypto = { ...systemCrypto, randomBytes: () => nonceBytes(exampleNonce) };
const settings = { mechanism: 'SCRAM-SHA-256', username: 'user', password: 'pencil' } as const;

function server(answers: readonly string[]) {
  const heard: string[] = [];
  return { heard, exchange: async (message: Uint8Array) => utf8(answers[heard.push(fromUtf8(message)) - 1]!) };
}

describe('authenticate', () => {
  it('PLAIN: sends user and password', async () => {
    const { heard, exchange } = server(['']);
    await authenticate({ mechanism: 'PLAIN', username: 'ann', password: 'x,y' }, exchange, systemCrypto);
    expect(heard).toEqual(['\0ann\0x,y']);
  });

  it('SCRAM-SHA-256: speaks the example of RFC 7677', async () => {
    const { heard, exchange } = server([example.challenge, example.final]);
    await authenticate(settings, exchange, crypto);
    expect(heard).toEqual([example.first, example.proof]);
  });

  it('SCRAM: sends a name as it is but for `,` and `=`, as Kafka stores it', async () => {
    const { heard, exchange } = server([example.challenge, example.final]);
    const odd = { ...settings, username: 'µ,=', password: '²' };
    await expect(authenticate(odd, exchange, crypto)).rejects.toMatchObject({ code: 'broker-refused' });
    expect(heard[0]).toBe(`n,,n=µ=2C=3D,r=${exampleNonce}`);
  });

  it.each([
    ['a server that does not know the password', [example.challenge, 'v=AAAA']],
    ['an answer to another nonce', [example.challenge.replace(exampleNonce, 'other'), '']],
    ['too few iterations', [example.challenge.replace('4096', '1'), '']],
    ['iterations that would take for ever', [example.challenge.replace('4096', '999999999'), '']],
    ['an error', [example.challenge, 'e=invalid-proof']],
  ])('SCRAM: refuses %s', async (_, answers) => {
    await expect(authenticate(settings, server(answers).exchange, crypto)).rejects.toMatchObject({
      code: 'broker-refused',
    });
  });
});
