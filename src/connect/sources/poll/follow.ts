import type { HttpHeaders } from '../../../base/http.js';
import { type Redact, redactUrl, urlHoldsSecret, withoutCredentials } from './credentials.js';

/** Where to go on, or why not. */
export type Step = { readonly url: string; readonly headers: HttpHeaders } | { readonly refused: string };

/**
 * Decides about an address that an answer names, by a redirect or as its next page: never from https to http, never
 * with credentials to another host (headers are left behind; an address that holds a secret is refused).
 * @param headers of the request that was answered.
 */
export function followTo(from: string, target: string, headers: HttpHeaders, redact: Redact): Step {
  if (!URL.canParse(target, from)) return { refused: `"${brief(redact(target))}" is not an address` };
  const before = new URL(from);
  const after = new URL(target, from);
  // Browsers carry the fragment on; servers never see it.
  after.hash = '';
  const shown = redactUrl(after.href, redact);
  if (after.protocol !== 'https:' && after.protocol !== 'http:') return { refused: `${shown} is not http` };
  if (before.protocol === 'https:' && after.protocol === 'http:') {
    return { refused: `${shown} would leave https for http` };
  }
  if (before.hostname === after.hostname && samePort(before, after)) {
    keepLogin(before, after);
    return { url: after.href, headers };
  }
  if (urlHoldsSecret(after.href, redact)) {
    return { refused: `${shown} would carry credentials from ${before.host} to ${after.host}` };
  }
  return { url: after.href, headers: withoutCredentials(headers, redact) };
}

/** Servers name themselves without the login that they were asked with. */
function keepLogin(before: URL, after: URL): void {
  if (after.username !== '' || after.password !== '') return;
  after.username = before.username;
  after.password = before.password;
}

/** The step from http to https on the standard ports stays with the host. */
function samePort(before: URL, after: URL): boolean {
  return before.port === after.port;
}

function brief(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}
