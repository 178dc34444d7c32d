import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import {
  detectEncoding,
  parseEncoding,
  type TextEncoding,
  Transcoder,
} from '../../../src/connect/codecs/text-encoding.js';
import { firstMalformedUtf8 } from '../../../src/connect/codecs/utf8-check.js';

function transcode(encoding: TextEncoding, pieces: readonly Uint8Array[]): string {
  const transcoder = new Transcoder(encoding);
  const target = new Uint8Array(pieces.reduce((room, piece) => room + Transcoder.room(piece.length), 0));
  let at = 0;
  for (const piece of pieces) at = transcoder.write(piece, target, at);
  transcoder.end();
  return fromUtf8(target.subarray(0, at));
}

function utf16(text: string, big: boolean): Uint8Array {
  const bytes = Buffer.from(text, 'utf16le');
  return Uint8Array.from(big ? bytes.swap16() : bytes);
}

describe('detectEncoding', () => {
  it.each([
    ['utf-8', 3, [0xef, 0xbb, 0xbf, 0x61]],
    ['utf-16le', 2, [0xff, 0xfe, 0x61, 0]],
    ['utf-16be', 2, [0xfe, 0xff, 0, 0x61]],
    ['utf-16le', 0, [...utf16('model,year\n', false)]],
    ['utf-16be', 0, [...utf16('model,year\n', true)]],
    ['utf-8', 0, [...utf8('model,né\n')]],
    ['windows-1252', 0, [0x6e, 0xe9, 0x0a]],
  ] as const)('finds %s', (encoding, markBytes, bytes) => {
    expect(detectEncoding(Uint8Array.from(bytes), false)).toEqual({ encoding, markBytes });
  });

  it('does not mistake a cut character for another encoding', () => {
    const bytes = utf8('aé').subarray(0, 2);
    expect(detectEncoding(bytes, true).encoding).toBe('utf-8');
    expect(detectEncoding(bytes, false).encoding).toBe('windows-1252');
  });

  it('refuses binary files and bytes of no encoding, with the place', () => {
    expect(() => detectEncoding(Uint8Array.from([0, 1, 0, 0, 5, 0, 7, 8]), false)).toThrow('this is no text file');
    expect(() => detectEncoding(Uint8Array.from([0x61, 0x0a, 0x62, 0x81]), false)).toThrow(
      'byte 0x81 at line 2, column 2 is not UTF-8',
    );
  });
});

describe('Transcoder', () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 5 });
  const inPieces = (bytes: Uint8Array, at: readonly number[]): Uint8Array[] => {
    const ends = [...at.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort((a, b) => a - b);
    return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
  };

  it('gives back any text of UTF-16, however it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 25 }), fc.boolean(), cuts, (text, big, at) => {
        expect(transcode(big ? 'utf-16be' : 'utf-16le', inPieces(utf16(text, big), at))).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it('reads every byte of Windows-1252', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const latin1 = Array.from(all, (byte) => String.fromCharCode(byte)).join('');
    const high = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
    expect(transcode('windows-1252', [all])).toBe(latin1.slice(0, 0x80) + high + latin1.slice(0xa0));
  });

  it('refuses half a surrogate pair and half a character', () => {
    expect(() => transcode('utf-16le', [Uint8Array.from([0x61, 0, 0, 0xdc])])).toThrow('byte 2 is not utf-16le');
    expect(() => transcode('utf-16le', [Uint8Array.from([0x61])])).toThrow('ends inside a character');
  });
});

describe('firstMalformedUtf8', () => {
  it('agrees with the platform about any bytes', () => {
    const byte = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), (list) => {
        const bytes = Uint8Array.from(list);
        const at = firstMalformedUtf8(bytes, 0, bytes.length);
        const strict = new TextDecoder('utf-8', { fatal: true });
        if (at < 0) strict.decode(bytes);
        else {
          expect(() => strict.decode(bytes)).toThrow();
          expect(firstMalformedUtf8(bytes, 0, at)).toBe(-1);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseEncoding', () => {
  it('knows common names', () => {
    expect(['auto', 'UTF8', 'latin1', 'utf-16'].map(parseEncoding)).toEqual([
      undefined,
      'utf-8',
      'windows-1252',
      'utf-16le',
    ]);
    expect(() => parseEncoding('ebcdic')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
