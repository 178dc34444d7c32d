import type { Value, Vector } from '../../base/row-batch.js';

/** Places looked at before a text is looked for among the crowded ones; with half of the places free it hardly ever is. */
const MAX_TRIES = 32;
const FIRST_PLACES = 16;
const MULTIPLIER = 0x9e3779b1 | 0;

/**
 * Finds the slot of a group whose key is one text; null is a key. A table of numbers with open addressing: the language's map
 * would keep three words and a share of a bucket per text, and copy them whenever it grows. Texts whose places are all taken
 * (somebody may choose them so) are in a map, so that none costs more than {@link MAX_TRIES} looks.
 */
export class TextIndex {
  readonly #texts: readonly Value[];
  /** Per place the hash of a text and its slot + 1; 0: the place is free. */
  #entries: Int32Array;
  #mask: number;
  #used = 0;
  #ofNull = -1;
  #crowded: Map<string, number> | undefined;
  /** The text that was not found last, and its hash. */
  #missing: string | undefined;
  #missingHash = 0;

  /** @param texts the key of each slot; it is there before the slot is put in. @param expected about how many there will be. */
  constructor(texts: readonly Value[], expected = 0) {
    let places = FIRST_PLACES;
    while (places < 2 * expected) places *= 2;
    this.#texts = texts;
    this.#entries = new Int32Array(2 * places);
    this.#mask = places - 1;
  }

  /** The slot of a text, -1 where it has none. */
  slotOf(text: string | null): number {
    if (text === null) return this.#ofNull;
    const hash = hashOf(text);
    const entries = this.#entries;
    let place = hash & this.#mask;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const item = entries[2 * place + 1]!;
      if (item === 0) {
        this.#missing = text;
        this.#missingHash = hash;
        return -1;
      }
      if (entries[2 * place] === hash && this.#texts[item - 1] === text) return item - 1;
      place = (place + 1) & this.#mask;
    }
    return this.#crowded?.get(text) ?? -1;
  }

  /** As `KeyIndex.find`. */
  find(columns: readonly Vector[], row: number): number | undefined {
    return this.get([(columns[0]!.data[row] ?? null) as Value]);
  }

  /** As `KeyIndex.get`. */
  get([text]: readonly Value[]): number | undefined {
    const slot = this.slotOf(text as string | null);
    return slot < 0 ? undefined : slot;
  }

  /** As `KeyIndex.put`, for a key that has no slot yet. */
  put(columns: readonly Vector[], row: number, slot: number): void {
    this.set([(columns[0]!.data[row] ?? null) as Value], slot);
  }

  /** As `KeyIndex.set`, for a key that has no slot yet. */
  set([key]: readonly Value[], slot: number): void {
    if (key === null) {
      this.#ofNull = slot;
      return;
    }
    if (2 * ++this.#used > this.#mask) this.#grow();
    const text = key as string;
    this.#insert(text === this.#missing ? this.#missingHash : hashOf(text), slot);
  }

  #insert(hash: number, slot: number): void {
    let place = hash & this.#mask;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (this.#entries[2 * place + 1] === 0) {
        this.#entries[2 * place] = hash;
        this.#entries[2 * place + 1] = slot + 1;
        return;
      }
      place = (place + 1) & this.#mask;
    }
    this.#crowded ??= new Map();
    this.#crowded.set(this.#texts[slot] as string, slot);
  }

  #grow(): void {
    const before = this.#entries;
    const crowded = this.#crowded;
    this.#entries = new Int32Array(2 * before.length);
    this.#mask = before.length - 1;
    this.#crowded = undefined;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] !== 0) this.#insert(before[at]!, before[at + 1]! - 1);
    }
    for (const [text, slot] of crowded ?? []) this.#insert(hashOf(text), slot);
  }
}

function hashOf(text: string): number {
  const { length } = text;
  let hash = length;
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
