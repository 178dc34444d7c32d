/** How many characters {@link writeInteger} writes. Safe integers only. */
export function integerSize(value: number): number {
  const rest = value < 0 ? -value : value;
  let size = value < 0 ? 2 : 1;
  if (rest <= 0x7fffffff) {
    // Whole numbers by the processor's own.
    for (let small = rest | 0, limit = 10; limit <= 1_000_000_000 && small >= limit; limit *= 10) size++;
    return size;
  }
  for (let limit = 10; rest >= limit; limit *= 10) size++;
  return size;
}

/** Writes a whole number's decimal digits at `at`; returns the position after them. Safe integers only. */
export function writeInteger(target: Uint8Array, at: number, value: number): number {
  const end = at + integerSize(value);
  let rest = value;
  let start = at;
  if (rest < 0) {
    target[start++] = 0x2d;
    rest = -rest;
  }
  let place = end - 1;
  for (; rest > 0x7fffffff; place--) {
    const next = Math.floor(rest / 10);
    target[place] = 0x30 + (rest - next * 10);
    rest = next;
  }
  for (let small = rest | 0; place >= start; place--) {
    const next = (small / 10) | 0;
    target[place] = 0x30 + (small - next * 10);
    small = next;
  }
  return end;
}
