import type { JsonValue } from '../../../base/row-batch.js';
import { BadItem, type ItemRules } from './interfaces.js';

/** Things remembered; beyond, those not seen for longest are forgotten (and would be emitted again). */
const MAX_TRACKED = 1_000_000;

/** What is known of a thing: event time (NaN for none) and what it looked like. */
export interface Tracked {
  readonly timeMs: number;
  readonly hash: string;
}

/** How items that came before are told from new ones. */
export interface DedupOptions {
  /** `key`: a thing comes once, or again with a newer event time. `body`: again when it changed. `none`: always. */
  readonly mode: 'key' | 'body' | 'none';
  /** A short digest of a text. */
  readonly digest: (text: string) => string;
  readonly maxTracked?: number;
}

/** What an item is, compared with what came before. */
export type ItemVerdict = 'new' | 'changed' | 'unchanged' | 'stale';

/** An item to be emitted. */
export interface ChosenItem {
  readonly item: JsonValue;
  readonly key: string | null;
  /** NaN where it has none. */
  readonly timeMs: number;
}

/** What came of a group of items. */
export interface Choice {
  readonly chosen: readonly ChosenItem[];
  readonly counts: Readonly<Record<ItemVerdict, number>>;
  /** Why items could not be used. */
  readonly rejected: readonly string[];
}

/**
 * Tells new and changed items from those that came before, per thing: the newest event time is kept, not the newest
 * poll. What was chosen is remembered only when `commit` says that it is in the topic.
 */
export class ChangeTracker {
  readonly #rules: ItemRules;
  readonly #options: DedupOptions;
  /** Least recently seen first. */
  readonly #tracked = new Map<string, Tracked>();
  readonly #pending = new Map<string, Tracked>();
  /** Changes since the last `markSaved`. */
  #changes = 0;

  constructor(rules: ItemRules, options: DedupOptions) {
    this.#rules = rules;
    this.#options = options;
  }

  get size(): number {
    return this.#tracked.size;
  }

  /** Things that changed since {@link markSaved}. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Chooses what of `items` is to be emitted, in order of event time.
   * @param limit of chosen items: what comes after is left for another time.
   */
  choose(items: readonly JsonValue[], limit = Number.POSITIVE_INFINITY): Choice & { readonly isCut: boolean } {
    const counts = { new: 0, changed: 0, unchanged: 0, stale: 0 };
    const rejected: string[] = [];
    const chosen: ChosenItem[] = [];
    const read = items.flatMap((item) => this.#read(item, rejected));
    // A poll gives the newest first, or one thing after the other: downstream, time should go forward.
    read.sort((a, b) => compareTimes(a.timeMs, b.timeMs));
    let isCut = false;
    for (const one of read) {
      if (chosen.length >= limit) {
        isCut = true;
        break;
      }
      const verdict = this.#judge(one);
      counts[verdict]++;
      if (verdict === 'new' || verdict === 'changed') chosen.push(one);
    }
    return { chosen, counts, rejected, isCut };
  }

  /** What was chosen is in the topic. */
  commit(): void {
    for (const [identity, tracked] of this.#pending) this.#set(identity, tracked);
    this.#pending.clear();
  }

  /** Remembers an item that is found in the topic. */
  restore(item: JsonValue): void {
    const [read] = this.#read(item, []);
    if (!read || this.#options.mode === 'none') return;
    const known = this.#tracked.get(read.identity);
    if (!known || !(read.timeMs < known.timeMs)) this.#set(read.identity, read);
  }

  /** All that is known, to be kept beside the topic. */
  entries(): IterableIterator<[string, Tracked]> {
    return this.#tracked.entries();
  }

  /** Puts back what {@link entries} gave. */
  restoreEntry(identity: string, tracked: Tracked): void {
    this.#tracked.set(identity, tracked);
  }

  markSaved(): void {
    this.#changes = 0;
  }

  #read(item: JsonValue, rejected: string[]): (ChosenItem & Tracked & { readonly identity: string })[] {
    const rules = this.#rules;
    try {
      const timeMs = rules.timeMs(item) ?? Number.NaN;
      const key = rules.key(item);
      if (this.#options.mode === 'none') return [{ item, key, timeMs, hash: '', identity: '' }];
      const hash = this.#options.digest(canonicalText(rules.compared(item)));
      return [{ item, key, timeMs, hash, identity: rules.identity(item) ?? hash }];
    } catch (error) {
      if (!(error instanceof BadItem)) throw error;
      rejected.push(error.message);
      return [];
    }
  }

  #judge({ identity, timeMs, hash }: Tracked & { readonly identity: string }): ItemVerdict {
    const { mode } = this.#options;
    if (mode === 'none') return 'new';
    const known = this.#pending.get(identity) ?? this.#tracked.get(identity);
    if (known && timeMs < known.timeMs) return this.#seen(identity, 'stale');
    const isSame = known && (mode === 'key' ? !(timeMs > known.timeMs) : known.hash === hash);
    if (isSame) {
      // Nothing happened, but what is older than this is late from now on.
      if (timeMs > known.timeMs) this.#pending.set(identity, { timeMs, hash });
      return this.#seen(identity, 'unchanged');
    }
    this.#pending.set(identity, { timeMs, hash });
    return known ? 'changed' : 'new';
  }

  #seen(identity: string, verdict: ItemVerdict): ItemVerdict {
    const known = this.#tracked.get(identity);
    if (known && this.#tracked.size > (this.#options.maxTracked ?? MAX_TRACKED) / 2) {
      this.#tracked.delete(identity);
      this.#tracked.set(identity, known);
    }
    return verdict;
  }

  #set(identity: string, { timeMs, hash }: Tracked): void {
    this.#tracked.delete(identity);
    this.#tracked.set(identity, { timeMs, hash });
    this.#changes++;
    const bound = this.#options.maxTracked ?? MAX_TRACKED;
    for (const oldest of this.#tracked.keys()) {
      if (this.#tracked.size <= bound) break;
      this.#tracked.delete(oldest);
    }
  }
}

/** Items without a time stay in their order, before the others. */
function compareTimes(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a - b;
}

/** JSON text that is the same for equal values, whatever the order of their members. */
export function canonicalText(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const object = value as { readonly [key: string]: JsonValue };
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(object[key]!)}`);
  return `{${members.join(',')}}`;
}
