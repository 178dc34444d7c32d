import { StreamctlError } from '../base/errors.js';

/** The uuid of sixteen zero bytes: "no id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const digitCodes = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const digitValues = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value++) digitValues[digitCodes[value]!] = value;

/** The 22 base64url characters of the sixteen bytes at `at`. */
export function uuidText(bytes: Uint8Array, at = 0): string {
  let text = '';
  for (let i = at; i < at + 15; i += 3) {
    const bits = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text += DIGITS[bits >>> 18]! + DIGITS[(bits >>> 12) & 63]! + DIGITS[(bits >>> 6) & 63]! + DIGITS[bits & 63]!;
  }
  const last = bytes[at + 15]!;
  return text + DIGITS[last >>> 2]! + DIGITS[(last << 4) & 63]!;
}

/**
 * Writes the sixteen bytes of `text` (22 base64url characters) at `at`.
 * @throws `bad-data` when it is not a uuid.
 */
export function writeUuid(text: string, target: Uint8Array, at = 0): void {
  if (text.length !== 22) throw notUuid(text);
  let bits = 0;
  let held = 0;
  let out = at;
  for (let i = 0; i < 22; i++) {
    const value = digitValues[text.charCodeAt(i)] ?? -1;
    if (value < 0) throw notUuid(text);
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      target[out++] = bits >>> held;
    }
  }
  if ((bits & 15) !== 0) throw notUuid(text);
}

/** Whether `text` is the base64url form of sixteen bytes. */
export function isUuid(text: string): boolean {
  return /^[A-Za-z0-9_-]{21}[AQgw]$/.test(text);
}

function notUuid(text: string): StreamctlError {
  return new StreamctlError('bad-data', `"${text}" is not a uuid of 22 base64url characters`);
}
