import type { HttpFailure, HttpResponse } from '../../../base/http.js';
import { explainBody } from './api-error.js';
import { retryAfterMs } from './header-times.js';
import { BadBody, type PollDefinition, type PollProblem } from './interfaces.js';
import { decodeBody } from './page-reader.js';

/** What kind of answer it is. `hold`: for how many ms the API asks to be left alone. */
export type Verdict =
  | { readonly kind: 'page' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'redirect'; readonly location: string | undefined }
  | {
      readonly kind: 'problem';
      readonly problem: PollProblem;
      readonly hold: number | undefined;
      /** Counts towards leaving the host alone. */
      readonly isHostAtFault: boolean;
    };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Requests that may do better without being changed. */
const RETRIABLE = new Set([408, 425, 500, 502, 503, 504]);
const NAMES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  410: 'Gone',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Sorts an answer of `url`, or what came instead of one. */
export function judgeAnswer(
  outcome: HttpResponse | HttpFailure,
  url: string,
  definition: PollDefinition,
  nowMs: number,
): Verdict {
  if (outcome.kind === 'failure') {
    const { reason } = outcome;
    const message = `${new URL(url).host}: ${outcome.message}`;
    const what = reason === 'stopped' ? 'broken' : reason;
    // What is too large will be so again.
    const problem = { what, message, retriable: reason !== 'too-large' } as const;
    return { kind: 'problem', problem, hold: undefined, isHostAtFault: reason !== 'too-large' };
  }
  const { status, headers } = outcome;
  if (status >= 200 && status < 300) return { kind: 'page' };
  if (status === 304) return { kind: 'not-modified' };
  if (REDIRECTS.has(status)) return { kind: 'redirect', location: headers.location };
  const said = explainBody(outcome);
  const name = NAMES[status] === undefined ? '' : ` ${NAMES[status]}`;
  const message = `${status}${name}${said === undefined ? '' : `: ${said}`}`;
  const hold = retryAfterMs(headers, nowMs) ?? definition.holdMs?.(outcome, bodyOf(outcome), nowMs);
  const isThrottled = status === 429;
  return {
    kind: 'problem',
    problem: {
      what: isThrottled ? 'throttled' : 'status',
      status,
      message,
      retriable: isThrottled || RETRIABLE.has(status) || status >= 520,
    },
    hold,
    isHostAtFault: status >= 500,
  };
}

function bodyOf(response: HttpResponse): ReturnType<typeof decodeBody> | undefined {
  try {
    return decodeBody(response, 'auto');
  } catch (error) {
    if (error instanceof BadBody) return undefined;
    throw error;
  }
}
