import { describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../../src/base/bytes.js';
import { seededRandom } from '../../../src/base/random.js';
import type { JsonValue } from '../../../src/base/row-batch.js';
import { StateReader } from '../../../src/engine/state/state-reader.js';
import { StateWriter } from '../../../src/engine/state/state-writer.js';

/** Letters of one to four bytes, and half of a pair. */
const LETTERS = ['a', 'Z', '\u0000', '\u007f', '\u0080', 'é', '漢', '\u{1f600}', '\ud800'];

describe('values of a saved state', () => {
  it('come back as they were: with a byte order mark, half of a pair, and as deep as the codec takes them', () => {
    let deep: JsonValue = 1;
    for (let depth = 0; depth < 500; depth++) deep = depth % 2 === 0 ? [deep] : { a: deep };
    const long = '\ufeff'.padEnd(200, 'é');
    const odd = { 'a\ud800': 1, 'a\udc00': { b: 2 }, c: 3 };
    for (const value of ['\ufeffa', long, '\ud800', 'a\udc00b', { text: ['\ufeff', '\ud800'] }, odd, deep] as const) {
      const writer = new StateWriter();
      writer.value(value);
      const reader = new StateReader(writer.finish());
      expect(reader.value()).toEqual(value);
      expect(reader.done).toBe(true);
    }
  });
});

describe('texts of a saved state', () => {
  it('lie there as their UTF-8 bytes with their length, however short or long they are', () => {
    const random = seededRandom(20240314);
    for (let round = 0; round < 2_000; round++) {
      const letters = round % 2 === 0 ? LETTERS.slice(0, 4) : LETTERS;
      const text = Array.from({ length: random.below(140) }, () => letters[random.below(letters.length)]!).join('');
      const writer = new StateWriter(1 + random.below(8));
      writer.byte(7);
      writer.text(text);
      writer.number(0.1);
      const expected = new StateWriter();
      expected.byte(7);
      expected.bytes(utf8(text));
      expected.number(0.1);
      expect(equalBytes(writer.finish(), expected.finish())).toBe(true);
      expect(equalBytes(writer.view(), expected.finish())).toBe(true);
      const reader = new StateReader(writer.view());
      expect(reader.byte()).toBe(7);
      expect(reader.text()).toBe(Buffer.from(text).toString());
      expect(reader.number()).toBe(0.1);
      expect(reader.done).toBe(true);
    }
  });
});
