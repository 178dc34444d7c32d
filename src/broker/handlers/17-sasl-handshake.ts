// Behavior:
// * Chooses how the client logs in; the answer lists what is offered. PLAIN is offered over TLS and on loopback only.
// * Only there where users were given; a connection that is logged in does not begin anew (ILLEGAL_SASL_STATE).
//
// Version notes:
// * v0 the messages of the mechanism follow as bare frames
// * v1 they travel in SaslAuthenticate (KIP-152)

import { saslHandshakeApi } from '../../wire/apis/17-sasl-handshake.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

/** Answers SaslHandshake. */
export const saslHandshakeHandler = defineHandler(saslHandshakeApi, ({ peer, version }, { mechanism }) => {
  const { login } = peer;
  if (!login || login.done) return { errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] };
  const offered = login.choose(mechanism, version === 0);
  return {
    errorCode: offered ? errorCodes.NONE : errorCodes.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: login.mechanisms,
  };
});
