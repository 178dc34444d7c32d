/** Who has to act: the person at the keyboard, the world outside, or us. */
export type Blame = 'user' | 'external' | 'bug';

/** Whether the same call may succeed when it is made again. */
export type Retry = 'never' | 'now' | 'later';

interface ErrorKind {
  readonly blame: Blame;
  readonly retry: Retry;
  /** Process exit code, see docs/reference/exit-codes.md. */
  readonly exit: number;
  readonly summary: string;
}

function kind(blame: Blame, retry: Retry, exit: number, summary: string): ErrorKind {
  return { blame, retry, exit, summary };
}

/** Every error the program can raise on purpose. The documentation page is made from this table. */
export const ERROR_KINDS = {
  usage: kind('user', 'never', 2, 'the command line, configuration or input cannot be used as given'),
  'not-found': kind('user', 'never', 2, 'a file, topic, pipeline or column that was named does not exist'),
  conflict: kind('user', 'never', 2, 'the thing to be made exists already, or its name is ambiguous'),
  'bad-data': kind('user', 'never', 2, 'input data is malformed'),
  'bad-plan': kind('user', 'never', 2, 'a pipeline or expression does not check'),
  'broker-unreachable': kind('external', 'later', 3, 'no connection to the broker, or it was lost'),
  'broker-refused': kind('external', 'later', 3, 'the broker answered with an error'),
  'api-failed': kind(
    'external',
    'later',
    3,
    'an API cannot be reached, is too slow, or answered with an error of its own',
  ),
  'api-refused': kind('user', 'never', 2, 'an API refused the request: its key, address or parameters are wrong'),
  'folder-owned': kind('external', 'later', 3, 'another broker owns the data folder'),
  'port-in-use': kind('external', 'later', 3, 'the port to listen on is taken'),
  'disk-failed': kind('external', 'later', 3, 'the disk is full, or a read, write or sync failed'),
  'log-corrupt': kind('external', 'never', 3, 'a log segment is damaged before its tail'),
  'assertion-failed': kind('user', 'never', 4, 'an expectation given on the command line does not hold'),
  timeout: kind('external', 'later', 5, 'the time limit passed before the condition was met'),
  partial: kind('external', 'later', 6, 'part of the work was done, the rest is listed'),
  'quality-gate': kind('user', 'never', 7, 'more bad rows than allowed'),
  'malformed-frame': kind('external', 'never', 3, 'bytes from the network do not follow the protocol'),
  'unsupported-version': kind('external', 'never', 3, 'the other side speaks none of our protocol versions'),
  'limit-exceeded': kind('external', 'never', 3, 'a named bound of the program was reached'),
  internal: kind('bug', 'never', 1, 'an assumption of the program does not hold'),
} as const satisfies Record<string, ErrorKind>;

/** A key of {@link ERROR_KINDS}. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/** What can be said beside the one-line message. */
export interface ErrorExtras {
  /** What is known about the circumstances, one sentence. */
  readonly detail?: string;
  /** What to type or do next. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Exit code when it differs from the kind's own. */
  readonly exit?: number;
}

/** The only error type that reaches a user. Everything else that is thrown is a bug. */
export class StreamctlError extends Error {
  override readonly name = 'StreamctlError';
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly retry: Retry;
  readonly exit: number;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    const row = ERROR_KINDS[code];
    this.code = code;
    this.blame = row.blame;
    this.retry = row.retry;
    this.exit = extras.exit ?? row.exit;
    this.detail = extras.detail;
    this.hint = extras.hint;
  }
}
