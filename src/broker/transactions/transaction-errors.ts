import { errorCodes } from '../../wire/error-codes.js';

/** The code for a producer whose epoch was taken over: older versions of requests have another word for it. */
export function fencedError(errorCode: number, knowsFenced: boolean): number {
  return errorCode === errorCodes.PRODUCER_FENCED && !knowsFenced ? errorCodes.INVALID_PRODUCER_EPOCH : errorCode;
}
