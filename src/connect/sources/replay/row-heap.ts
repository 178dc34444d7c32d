/** A heap: gives the smallest of its values first, those added earlier first among equals of `before`. */
export class Heap<T> {
  readonly #values: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  /** @param before whether `a` has to come out before `b`: a total order. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#values.length;
  }

  /** The smallest value, which stays. */
  get first(): T | undefined {
    return this.#values[0];
  }

  push(value: T): void {
    const values = this.#values;
    let at = values.length;
    values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(value, values[parent]!)) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  pop(): T | undefined {
    const first = this.#values[0];
    const last = this.#values.pop();
    if (this.#values.length > 0) this.#sink(last!);
    return first;
  }

  /** Puts `value` in the place of the smallest. */
  replace(value: T): void {
    this.#sink(value);
  }

  clear(): void {
    this.#values.length = 0;
  }

  #sink(value: T): void {
    const values = this.#values;
    const size = values.length;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(values[child + 1]!, values[child]!)) child++;
      if (!this.#before(values[child]!, value)) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = value;
  }
}
