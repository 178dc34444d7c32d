import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.js';
import { type Key, KeyParser } from '../../../src/ui/terminal/keys.js';

function namesOf(text: string): string[] {
  return new KeyParser().push(utf8(text)).map(describeKey);
}

function describeKey(key: Key): string {
  return key.name === 'text' ? key.text : `<${key.name}>`;
}

describe('KeyParser', () => {
  it('takes apart keys that arrive in one chunk', () => {
    expect(namesOf('sp/é日q')).toEqual(['s', 'p', '/', 'é', '日', 'q']);
    expect(namesOf('a\u001b[A\u001b[Bb\r')).toEqual(['a', '<up>', '<down>', 'b', '<enter>']);
    expect(namesOf('\u001b[5~\u001b[6;5~\u001bOH\u001b[1;2F')).toEqual(['<page-up>', '<page-down>', '<home>', '<end>']);
    expect(namesOf('\u0003\u007f\u0015')).toEqual(['<interrupt>', '<backspace>', '<clear-line>']);
  });

  it('takes a lone escape for the Escape key and passes over what is no key', () => {
    expect(namesOf('\u001b')).toEqual(['<escape>']);
    expect(namesOf('\u001b\u001b')).toEqual(['<escape>', '<escape>']);
    expect(namesOf('\u001b[<0;10;5M\u001b[?62;4c\u001b]11;rgb:0/0/0\u0007q')).toEqual(['q']);
    expect(namesOf('\u001b[200~x')).toEqual(['<unknown>', 'x']);
  });

  it('waits for the rest of what a chunk cut in two', () => {
    const whole = utf8('é\u001b[A日\u001b[6~');
    for (let cut = 1; cut < whole.length; cut++) {
      // A cut right after an escape is what the Escape key sends.
      if (whole[cut - 1] === 27) continue;
      const parser = new KeyParser();
      const keys = [...parser.push(whole.subarray(0, cut)), ...parser.push(whole.subarray(cut))];
      expect(keys.map(describeKey)).toEqual(['é', '<up>', '日', '<page-down>']);
    }
  });

  it('survives any bytes and keeps a bounded rest', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (chunks) => {
        const parser = new KeyParser();
        for (const chunk of chunks) parser.push(chunk);
        parser.push(new Uint8Array(600).fill(0x31));
        expect(parser.push(utf8('q')).at(-1)).toEqual({ name: 'text', text: 'q' });
      }),
    );
  });
});
