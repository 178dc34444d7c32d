import type { Connection, Network } from '../../src/base/network.js';
import type { Random } from '../../src/base/random.js';

/**
 * A network whose connections break at random while they are in use: what was sent may or may not have arrived. Which
 * ones break is decided by `random`.
 */
export class FaultyNetwork implements Network {
  /** Connections that were broken on purpose. */
  broken = 0;
  /** While false nothing breaks. */
  active = true;
  readonly #inner: Network;
  readonly #random: Random;
  readonly #oneIn: number;

  /** @param oneIn one of so many sends or answers breaks the connection. */
  constructor(inner: Network, random: Random, oneIn: number) {
    this.#inner = inner;
    this.#random = random;
    this.#oneIn = oneIn;
  }

  async connect(...parameters: Parameters<Network['connect']>): Promise<Connection> {
    const connection = await this.#inner.connect(...parameters);
    const strikes = (): boolean => {
      if (!this.active || this.#random.below(this.#oneIn) !== 0) return false;
      this.broken++;
      connection.destroy();
      return true;
    };
    return {
      peer: connection.peer,
      send(chunks, onSent) {
        const queued = connection.send(chunks, onSent);
        strikes();
        return queued;
      },
      pending: () => connection.pending(),
      onData: (handler) => connection.onData((bytes) => void (strikes() || handler(bytes))),
      onDrain: (handler) => connection.onDrain(handler),
      onClose: (handler) => connection.onClose(handler),
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      end: () => connection.end(),
      destroy: () => connection.destroy(),
    };
  }

  listen(...parameters: Parameters<Network['listen']>): ReturnType<Network['listen']> {
    return this.#inner.listen(...parameters);
  }

  lock(name: string): ReturnType<Network['lock']> {
    return this.#inner.lock(name);
  }

  lockScope(): string {
    return this.#inner.lockScope();
  }
}
