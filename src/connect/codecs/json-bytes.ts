const HEX = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));

/** Short escapes by byte: 0 where JSON has none. */
const SHORT = new Uint8Array(128);
SHORT[0x22] = 0x22;
SHORT[0x5c] = 0x5c;
SHORT[0x08] = 0x62;
SHORT[0x0c] = 0x66;
SHORT[0x0a] = 0x6e;
SHORT[0x0d] = 0x72;
SHORT[0x09] = 0x74;

/** Writes the escape of a quote, backslash or control byte at `at`; returns the position after it. */
export function writeEscape(target: Uint8Array, at: number, byte: number): number {
  target[at] = 0x5c;
  const short = SHORT[byte]!;
  if (short !== 0) {
    target[at + 1] = short;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = 0x30;
  target[at + 3] = 0x30;
  target[at + 4] = HEX[byte >> 4]!;
  target[at + 5] = HEX[byte & 15]!;
  return at + 6;
}

/** Writes `null` at `at`; returns the position after it. */
export function writeNull(target: Uint8Array, at: number): number {
  target[at] = 0x6e;
  target[at + 1] = 0x75;
  target[at + 2] = 0x6c;
  target[at + 3] = 0x6c;
  return at + 4;
}

/** Writes a whole number's decimal digits at `at`; returns the position after them. Safe integers only. */
export function writeInteger(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let start = at;
  if (rest < 0) {
    target[start++] = 0x2d;
    rest = -rest;
  }
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits++;
  let place = start + digits - 1;
  for (; rest > 0x7fffffff; place--) {
    const next = Math.floor(rest / 10);
    target[place] = 0x30 + (rest - next * 10);
    rest = next;
  }
  // Whole-number arithmetic from here on.
  for (let small = rest | 0; place >= start; place--) {
    const next = (small / 10) | 0;
    target[place] = 0x30 + (small - next * 10);
    small = next;
  }
  return start + digits;
}

/**
 * Where a number in JSON's grammar that begins at `start` ends, -1 when there is none. Codes are no numbers: leading
 * zeros (`007`) and bare exponents (`1E1`) do not count, `1.5e10` and `1e-5` do.
 */
export function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end && bytes[at] === 0x2d) at++;
  const whole = at;
  while (at < end && isDigit(bytes[at]!)) at++;
  if (at === whole || (bytes[whole] === 0x30 && at - whole > 1)) return -1;
  let marked = false;
  if (at < end && bytes[at] === 0x2e) {
    const fraction = ++at;
    while (at < end && isDigit(bytes[at]!)) at++;
    if (at === fraction) return -1;
    marked = true;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) {
      marked = true;
      at++;
    }
    const exponent = at;
    while (at < end && isDigit(bytes[at]!)) at++;
    if (at === exponent || !marked) return -1;
  }
  return at;
}

/** Whether `byte` is `0` to `9`. */
export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
