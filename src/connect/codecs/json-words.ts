/** Bytes of a word: four bytes of text as one little-endian number of 32 bits. */
export const WORD_BYTES = 4;

const HIGH_BITS = 0x80808080 | 0;

/**
 * Marks the bytes of a word that end the plain part of a JSON string: quote, backslash, control bytes. The lowest mark is right
 * (its byte's highest bit); those above it may be wrong. 0: there is none.
 */
export function stringStops(word: number): number {
  // What is below 0x21 here is a quote or below 0x20 there.
  const low = word ^ 0x02020202;
  const escapes = word ^ 0x5c5c5c5c;
  return (((low - 0x21212121) & ~low) | ((escapes - 0x01010101) & ~escapes)) & HIGH_BITS;
}

/** As {@link stringStops}, with the bytes beyond ASCII. */
export function asciiStops(word: number): number {
  return stringStops(word) | (word & HIGH_BITS);
}

/** Bytes of the word before the lowest mark. @param stops not 0 */
export function bytesBefore(stops: number): number {
  return (31 - Math.clz32(stops & -stops)) >>> 3;
}

/** The bytes of a word before the lowest mark, the others 0. @param stops not 0 */
export function wordBefore(word: number, stops: number): number {
  return word & (((stops & -stops) >>> 7) - 1);
}

/** The text of ASCII `bytes[start, end)`, eight letters at a time: a string per letter costs more than the letter. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  for (; at + 8 <= end; at += 8) {
    text += String.fromCharCode(
      bytes[at]!,
      bytes[at + 1]!,
      bytes[at + 2]!,
      bytes[at + 3]!,
      bytes[at + 4]!,
      bytes[at + 5]!,
      bytes[at + 6]!,
      bytes[at + 7]!,
    );
  }
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
