import { StreamctlError } from '../../base/errors.js';

/** Version of the JSON that commands print; it changes when a field changes its meaning or goes away. */
export const SCHEMA_VERSION = 1;

/** An error as data. */
export interface ErrorObject {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly retry: 'never' | 'now' | 'later';
  readonly exit: number;
}

/** What a one-shot command prints in mode json. */
export interface Envelope {
  readonly command: string;
  readonly schemaVersion: number;
  readonly ok: boolean;
  readonly result: unknown;
  readonly error: ErrorObject | null;
}

/** The last record of every stream. */
export interface EndEvent {
  readonly type: 'end';
  readonly ok: boolean;
  readonly exit: number;
  /** What ended it: `eof`, `count`, `signal`, `timeout`, `error`... */
  readonly reason: string;
  readonly error?: ErrorObject;
  readonly [extra: string]: unknown;
}

/** An error's fields for JSON; whatever is not a StreamctlError is a bug of ours. */
export function errorObject(error: unknown): ErrorObject {
  if (error instanceof StreamctlError) {
    const { code, message, detail, hint, retry, exit } = error;
    return {
      code,
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      retry,
      exit,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, retry: 'never', exit: 1 };
}

/** The envelope around a result. */
export function envelope(command: string, result: unknown, error?: unknown): Envelope {
  const failed = error !== undefined;
  return {
    command,
    schemaVersion: SCHEMA_VERSION,
    ok: !failed,
    result: result ?? null,
    error: failed ? errorObject(error) : null,
  };
}

/**
 * The record that closes a stream.
 * @param extra counts and offsets worth telling, beside the fixed fields.
 */
export function endEvent(
  reason: string,
  outcome: { readonly exit?: number; readonly error?: unknown } = {},
  extra: Readonly<Record<string, unknown>> = {},
): EndEvent {
  const error = outcome.error === undefined ? undefined : errorObject(outcome.error);
  const exit = outcome.exit ?? error?.exit ?? 0;
  return { type: 'end', ok: exit === 0, exit, reason, ...(error ? { error } : {}), ...extra };
}
