/**
 * Position of the first byte in `bytes[start, end)` that is not part of well-formed UTF-8, -1 when there is none.
 * Overlong forms, surrogates and code points beyond U+10FFFF are malformed.
 * @see RFC 3629 section 4
 */
export function firstMalformedUtf8(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const size = sequenceSize(lead);
    if (size === 0 || at + size > end) return at;
    const second = bytes[at + 1]!;
    if (second < lowest(lead) || second > highest(lead)) return at;
    for (let next = 2; next < size; next++) if ((bytes[at + next]! & 0xc0) !== 0x80) return at;
    at += size;
  }
  return -1;
}

function sequenceSize(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/** Smallest second byte that is not overlong. */
function lowest(lead: number): number {
  if (lead === 0xe0) return 0xa0;
  return lead === 0xf0 ? 0x90 : 0x80;
}

/** Largest second byte below the surrogates and U+110000. */
function highest(lead: number): number {
  if (lead === 0xed) return 0x9f;
  return lead === 0xf4 ? 0x8f : 0xbf;
}

/** What is wrong with the UTF-8 of the row in `bytes[start, end)`, as a sentence; undefined when nothing is. */
export function utf8Problem(bytes: Uint8Array, start: number, end: number): string | undefined {
  const at = firstMalformedUtf8(bytes, start, end);
  if (at < 0) return undefined;
  const byte = bytes[at]!.toString(16).padStart(2, '0');
  return `byte 0x${byte} at column ${at - start + 1} of the row is not UTF-8`;
}
