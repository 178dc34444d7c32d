// Behavior:
// * One message of the mechanism that SaslHandshake chose, and the answer to it.
// * A failed login is answered after a pause and in the same words whatever was wrong; then the connection is closed.
//
// Version notes:
// * v1 lifetime of the login, which is not limited here (0)
// * v2 flexible

import { saslAuthenticateApi } from '../../wire/apis/36-sasl-authenticate.js';
import { errorCodes } from '../../wire/error-codes.js';
import { defineHandler } from '../handler.js';

/** Pause before a failure is told: guessing takes time. */
const FAILURE_DELAY_MS = 100;

const NOTHING = new Uint8Array(0);

/** Answers SaslAuthenticate. */
export const saslAuthenticateHandler = defineHandler(saslAuthenticateApi, async ({ broker, peer }, { authBytes }) => {
  const step = peer.login?.step(authBytes);
  if (!step) {
    const errorMessage = 'SaslAuthenticate has to follow SaslHandshake';
    return { errorCode: errorCodes.ILLEGAL_SASL_STATE, errorMessage, authBytes: NOTHING };
  }
  if (step.error === undefined) return { errorCode: errorCodes.NONE, errorMessage: null, authBytes: step.message };
  await broker.edges.clock.sleep(FAILURE_DELAY_MS);
  return { errorCode: errorCodes.SASL_AUTHENTICATION_FAILED, errorMessage: step.error, authBytes: NOTHING };
});
