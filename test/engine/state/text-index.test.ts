import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextIndex } from '../../../src/engine/state/text-index.js';

/** Texts of equal length with the same hash: what one letter adds, the next one takes away. */
function colliding(count: number): string[] {
  const found = new Map<number, string[]>();
  for (let n = 0; ; n++) {
    const text = String.fromCharCode(n & 0xffff, (n >>> 16) & 0xffff, 0x41);
    let hash = text.length;
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1);
    // The lower half decides about the place in a small table.
    const low = (hash ^ (hash >>> 15)) & 0xfff;
    const same = found.get(low) ?? [];
    same.push(text);
    found.set(low, same);
    if (same.length === count) return same;
  }
}

const crowd = colliding(150);

it('finds what a map finds', () => {
  const text = fc.oneof(fc.constantFrom(...crowd), fc.string(), fc.string({ unit: 'binary' }), fc.constant(null));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 400 }), fc.nat(300), (asked, expected) => {
      const keys: (string | null)[] = [];
      const index = new TextIndex(keys, expected);
      const map = new Map<string | null, number>();
      for (const key of asked) {
        expect(index.get([key])).toBe(map.get(key));
        if (map.has(key)) continue;
        const slot = keys.push(key) - 1;
        index.set([key], slot);
        map.set(key, slot);
      }
      for (const key of asked) expect(index.slotOf(key)).toBe(map.get(key));
    }),
    { numRuns: 300 },
  );
});

it("keeps texts that somebody chose to be in each other's way", () => {
  const keys: string[] = [];
  const index = new TextIndex(keys);
  for (const key of crowd) {
    expect(index.slotOf(key)).toBe(-1);
    index.set([key], keys.push(key) - 1);
  }
  crowd.forEach((key, slot) => {
    expect(index.slotOf(key)).toBe(slot);
  });
});
