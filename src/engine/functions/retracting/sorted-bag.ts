import { assert } from '../../../base/assert.js';
import { StreamctlError } from '../../../base/errors.js';
import { Heap } from '../../state/heap.js';

/** Bound of the different values that one aggregate over a changing table remembers over all its groups. */
export const MAX_REMEMBERED_VALUES = 5_000_000;

/** Values that several bags remember together. */
export interface BagBudget {
  used: number;
}

/** Values with how often each is there; the first in order is at hand. Adding and taking away cost the logarithm of the size. */
export class SortedBag<T> {
  readonly #nameOf: (item: T) => unknown;
  readonly #budget: BagBudget;
  readonly #compare: (a: T, b: T) => number;
  readonly #items = new Map<unknown, { readonly item: T; count: number }>();
  /** Has every item that is there, and some that are gone. */
  #order: Heap<T>;

  /** @param nameOf gives equal things (as a Map sees it) for equal items only. */
  constructor(compare: (a: T, b: T) => number, nameOf: (item: T) => unknown, budget: BagBudget) {
    this.#compare = compare;
    this.#nameOf = nameOf;
    this.#budget = budget;
    this.#order = new Heap(compare);
  }

  /** Number of different items. */
  get size(): number {
    return this.#items.size;
  }

  /** Puts an item in `count` times. @throws `limit-exceeded` */
  add(item: T, count = 1): void {
    const name = this.#nameOf(item);
    const known = this.#items.get(name);
    if (known) {
      known.count += count;
      return;
    }
    if (this.#budget.used >= MAX_REMEMBERED_VALUES) {
      throw new StreamctlError(
        'limit-exceeded',
        `an aggregate over rows that change would remember more than ${MAX_REMEMBERED_VALUES} values`,
        { hint: 'MIN, MAX, FIRST, LAST and DISTINCT remember every value; use fewer keys' },
      );
    }
    this.#budget.used++;
    this.#items.set(name, { item, count });
    this.#order.push(item);
  }

  /** Takes an item out once. */
  remove(item: T): void {
    const name = this.#nameOf(item);
    const known = this.#items.get(name);
    assert(known, 'a value that is taken back was there');
    if (--known.count > 0) return;
    this.#items.delete(name);
    this.#budget.used--;
    if (this.#order.size <= 2 * this.#items.size + 16) return;
    // Most of the heap is gone: make it anew, so that it stays as large as what is there.
    this.#order = new Heap(this.#compare);
    for (const { item: left } of this.#items.values()) this.#order.push(left);
  }

  /** The first item in order; undefined when there is none. */
  first(): T | undefined {
    for (let item = this.#order.peek(); item !== undefined; item = this.#order.peek()) {
      const known = this.#items.get(this.#nameOf(item));
      if (known) return known.item;
      this.#order.pop();
    }
    return undefined;
  }

  /** Every different item with its count. */
  entries(): Iterable<{ readonly item: T; readonly count: number }> {
    return this.#items.values();
  }

  /** Takes everything out. */
  clear(): void {
    this.#budget.used -= this.#items.size;
    this.#items.clear();
    this.#order = new Heap(this.#compare);
  }
}
