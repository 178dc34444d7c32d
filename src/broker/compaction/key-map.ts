/** Keys of one compaction at most; what lies behind is compacted by the next one. */
export const COMPACTION_KEYS_MAX = 500_000;

/** Bytes of all keys of one compaction at most. */
export const COMPACTION_KEY_BYTES_MAX = 64 << 20;

const decoder = new TextDecoder('latin1');

/** The offset of the newest record of each key in a stretch of a log. */
export class KeyMap {
  readonly #offsets = new Map<string, number>();
  readonly #maxKeys: number;
  #bytes = 0;

  constructor(maxKeys = COMPACTION_KEYS_MAX) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#offsets.size;
  }

  /** Whether there is no room for another key. */
  get full(): boolean {
    return this.#offsets.size >= this.#maxKeys || this.#bytes >= COMPACTION_KEY_BYTES_MAX;
  }

  put(key: Uint8Array, offset: number): void {
    // One character per byte: any bytes can be a key.
    const text = decoder.decode(key);
    if (!this.#offsets.has(text)) this.#bytes += key.length;
    this.#offsets.set(text, offset);
  }

  /** Offset of the newest record with this key; -1 when there is none. */
  newest(key: Uint8Array): number {
    return this.#offsets.get(decoder.decode(key)) ?? -1;
  }
}
