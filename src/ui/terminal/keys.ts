/** A key press. `text` holds what was typed where `name` is `text`, one grapheme. */
export interface Key {
  readonly name: KeyName;
  readonly text: string;
}

export type KeyName =
  | 'text'
  | 'enter'
  | 'escape'
  | 'backspace'
  | 'tab'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'page-up'
  | 'page-down'
  | 'delete'
  | 'clear-line'
  | 'interrupt'
  | 'suspend'
  | 'unknown';

/** Last letter, or the number before `~`, of a control sequence. @see xterm's ctlseqs, "PC-Style Function Keys" */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '5~': 'page-up',
  '6~': 'page-down',
  '7~': 'home',
  '8~': 'end',
};

const CONTROLS: Readonly<Record<number, KeyName>> = {
  3: 'interrupt',
  4: 'interrupt',
  8: 'backspace',
  9: 'tab',
  10: 'enter',
  13: 'enter',
  21: 'clear-line',
  23: 'clear-line',
  26: 'suspend',
  127: 'backspace',
};

// biome-ignore format: one alternative a line reads better than a wrapped one
const ESCAPE_SEQUENCE =
  /^\u001b(?:\[(?:M[\s\S]{3}|<[\d;]*[Mm]|[\u0030-\u003f]*[\u0020-\u002f]*[\u0040-\u007e])|O[\u0040-\u007e]|[\]P_^][^\u0007\u001b]*(?:\u0007|\u001b\\))/;
/** The beginning of a sequence whose rest may come with the next chunk. */
const UNFINISHED = /^\u001b(?:\[[\u0030-\u003f]*[\u0020-\u002f]*|\[M[\s\S]{0,2}|O)$/;
/** Longest unfinished sequence that is kept; a longer one is noise. */
const MAX_PENDING = 256;

/**
 * Turns the bytes of a terminal in raw mode into keys. Several keys in one chunk and a key split over two chunks are
 * both normal. A lone escape at the end of a chunk is the Escape key: terminals send sequences in one piece.
 */
export class KeyParser {
  #pending = '';
  readonly #decoder = new TextDecoder('utf-8');

  /** The keys that `bytes` complete. */
  push(bytes: Uint8Array): Key[] {
    let rest = this.#pending + this.#decoder.decode(bytes, { stream: true });
    this.#pending = '';
    const keys: Key[] = [];
    while (rest !== '') {
      if (rest.length < MAX_PENDING && UNFINISHED.test(rest)) {
        this.#pending = rest;
        break;
      }
      const { key, length } = nextKey(rest);
      if (key) keys.push(key);
      rest = rest.slice(length);
    }
    return keys;
  }
}

function nextKey(text: string): { key: Key | undefined; length: number } {
  const sequence = ESCAPE_SEQUENCE.exec(text)?.[0];
  if (sequence) return { key: sequenceKey(sequence), length: sequence.length };
  if (text.startsWith('\u001b')) return { key: { name: 'escape', text: '' }, length: 1 };
  const character = String.fromCodePoint(text.codePointAt(0)!);
  const code = character.codePointAt(0)!;
  if (code >= 32 && code !== 127) return { key: { name: 'text', text: character }, length: character.length };
  const name = CONTROLS[code];
  return { key: name ? { name, text: '' } : undefined, length: 1 };
}

function sequenceKey(sequence: string): Key | undefined {
  // Mouse reports, and answers of the terminal to questions, are no keys.
  if (/^\u001b(?:\[[M<]|\[\?|[\]P_^])/.test(sequence)) return undefined;
  const tail = /(\d+)(?:;\d+)?~$/.exec(sequence);
  return { name: SEQUENCES[tail ? `${tail[1]}~` : sequence.at(-1)!] ?? 'unknown', text: '' };
}
