import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** One answer that is not the usual one. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** Headers come, the body never ends. */
  | { readonly kind: 'slow' }
  /** Half of what was promised, then the connection closes. */
  | { readonly kind: 'truncated' }
  /** The connection closes without an answer. */
  | { readonly kind: 'reset' }
  /** A good status and a body that is no JSON. */
  | { readonly kind: 'garbage' }
  /** A body of so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number };

/** A file of fixtures/apis. */
export function apiFixture(name: string): string {
  return readFileSync(resolve('fixtures/apis', name), 'utf8');
}

/** Errors in each API's own shape, by the names of fixtures/apis/errors.json. */
export function apiError(name: string): Fault & { readonly kind: 'answer' } {
  const all = JSON.parse(apiFixture('errors.json')) as Record<
    string,
    { status: number; headers?: Record<string, string>; body?: unknown; text?: string } | undefined
  >;
  const error = all[name];
  if (!error) throw new Error(`fixtures/apis/errors.json has no ${name}`);
  const { status, headers, body, text } = error;
  const type = text === undefined ? 'application/json' : 'text/plain';
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': type, ...headers },
    body: text ?? JSON.stringify(body),
  };
}
