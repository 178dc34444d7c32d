import type { HttpHeaders } from '../../../base/http.js';
import { unescaped } from '../../../base/url-text.js';

/** Hides secrets that were read by reference. */
export type Redact = (text: string) => string;

const MASK = '***';
const SECRET_HEADER =
  /^(?:proxy-)?authorization$|^cookie$|(?:^|[-_])(?:(?:access|api|app|auth)[-_]?)?(?:key|token|secret|password)$/i;
const SECRET_PARAMETER = new RegExp(
  // Only what names a credential for certain: polls whose addresses differ in what is hidden are one and the same.
  [
    'app_?id|auth|authorization|sig|signature|pass|pwd|passw(?:or)?d',
    '(?:x[_-])?(?:(?:api|access|app|auth|client|consumer|private|secret|subscription|user)[_-]?)?key',
    '(?:access|api|auth|id|refresh|session)?[_-]?token',
    '(?:(?:api|app|client|consumer)[_-]?)?secret',
  ]
    .map((one) => `^(?:${one})$`)
    .join('|'),
  'i',
);

/** Whether a header of this name holds credentials. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name);
}

/** Whether a query parameter of this name is hidden. */
export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETER.test(name);
}

/** A URL that may be shown and kept: no password, no key, no secret in any part of it. */
export function redactUrl(text: string, redact: Redact): string {
  if (!URL.canParse(text)) return redact(text);
  const url = new URL(text);
  if (url.password !== '') url.password = MASK;
  if (url.username !== '' && text.includes('@')) url.username = MASK;
  url.pathname = url.pathname
    .split('/')
    .map((part) => {
      const plain = unescaped(part);
      const safe = redact(plain);
      return safe === plain ? part : safe;
    })
    .join('/');
  const query = [...url.searchParams].map(([name, value]) => {
    const shown = isSecretParameter(name) ? MASK : redact(value);
    return `${encodeQuery(name)}=${encodeQuery(shown)}`;
  });
  url.search = '';
  url.hash = '';
  return redact(query.length === 0 ? url.href : `${url.href}?${query.join('&')}`);
}

/** Headers that may be shown and kept. */
export function redactHeaders(headers: HttpHeaders, redact: Redact): HttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isSecretHeader(name) ? MASK : redact(value)]),
  );
}

/** Headers that must not go to another host. */
export function withoutCredentials(headers: HttpHeaders, redact: Redact): HttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !isSecretHeader(name) && redact(value) === value),
  );
}

/** Whether the address itself carries a secret: userinfo, a key in the query, a secret anywhere. */
export function urlHoldsSecret(text: string, redact: Redact): boolean {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return true;
  const plain = `${unescaped(url.pathname)} ${[...url.searchParams].map(([, value]) => value).join(' ')}`;
  return redact(plain) !== plain || [...url.searchParams.keys()].some(isSecretParameter);
}

/** Readable where it can be: commas, colons, stars and slashes may stand in a query. */
function encodeQuery(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2C|3A|2F|40|20)/gi, (code) =>
    code.toUpperCase() === '%20' ? '+' : decodeURIComponent(code),
  );
}
