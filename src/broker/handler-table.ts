import type { OfferedApi } from './broker.js';
import type { Handler } from './handler.js';

/** An API that is offered, and how to get what answers it. */
export interface OfferedHandler extends OfferedApi {
  load(): Promise<Handler>;
}

/**
 * What answers each API. A handler is loaded when it is first asked for: a broker is ready sooner, and one that serves
 * a few kinds of requests holds no more than that.
 */
export class HandlerTable {
  /** What is offered, by key. */
  readonly apis: readonly OfferedApi[];
  readonly #offers: ReadonlyMap<number, OfferedHandler>;
  readonly #loaded = new Map<number, Handler>();

  constructor(offers: readonly OfferedHandler[]) {
    this.apis = [...offers].sort((a, b) => a.key - b.key);
    this.#offers = new Map(offers.map((offer) => [offer.key, offer]));
  }

  /** What answers an API; undefined when it is not offered, or not loaded. */
  get(key: number): Handler | undefined {
    return this.#loaded.get(key);
  }

  /** Resolves when the API has its handler; undefined when there is nothing to wait for. */
  load(key: number | undefined): Promise<void> | undefined {
    const offer = key === undefined || this.#loaded.has(key) ? undefined : this.#offers.get(key);
    return offer?.load().then((handler) => void this.#loaded.set(offer.key, handler));
  }

  /** Resolves when everything is loaded. */
  async loadAll(): Promise<void> {
    await Promise.all(this.apis.map(({ key }) => this.load(key)));
  }
}
