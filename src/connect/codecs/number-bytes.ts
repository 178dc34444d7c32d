const POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);
/** Whole numbers of so many digits are exact doubles. */
const EXACT_DIGITS = 15;

/** What {@link readNumber} found. One object is used again and again. */
export interface NumberResult {
  /** Position after the number; -1 when there is none by JSON's grammar. */
  end: number;
  value: number;
  /** No point and no exponent. */
  whole: boolean;
  /** Digits before the point. */
  digits: number;
}

/**
 * Reads the JSON number at `start`. Exact: up to 15 digits and small exponents by one division, else by the language.
 * @see Clinger, "How to read floating point numbers accurately" (1990)
 */
export function readNumber(bytes: Uint8Array, start: number, result: NumberResult): void {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  const first = at;
  let mantissa = 0;
  let byte = bytes[at]!;
  while (byte >= 0x30 && byte <= 0x39) {
    mantissa = mantissa * 10 + (byte - 0x30);
    byte = bytes[++at]!;
  }
  let digits = at - first;
  result.end = -1;
  result.digits = digits;
  if (digits === 0 || (digits > 1 && bytes[first] === 0x30)) return;
  let fraction = 0;
  result.whole = true;
  if (byte === 0x2e) {
    const point = at;
    byte = bytes[++at]!;
    while (byte >= 0x30 && byte <= 0x39) {
      mantissa = mantissa * 10 + (byte - 0x30);
      byte = bytes[++at]!;
    }
    fraction = at - point - 1;
    if (fraction === 0) return;
    digits += fraction;
    result.whole = false;
  }
  if ((byte | 0x20) === 0x65) {
    readExponent(bytes, start, at, result);
    return;
  }
  result.end = at;
  if (digits <= EXACT_DIGITS) {
    const value = fraction === 0 ? mantissa : mantissa / POWERS[fraction]!;
    result.value = negative ? -value : value;
  } else result.value = slowNumber(bytes, start, at);
}

function readExponent(bytes: Uint8Array, start: number, mark: number, result: NumberResult): void {
  let at = mark + 1;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
  const first = at;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  if (at === first) return;
  result.whole = false;
  result.end = at;
  result.value = slowNumber(bytes, start, at);
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  return Number(numberText(bytes, start, end));
}

/** The digits as text. */
export function numberText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
