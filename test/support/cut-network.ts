import { StreamctlError } from '../../src/base/errors.js';
import type { Connection, Network, TlsOptions } from '../../src/base/network.js';

/**
 * A network whose cable can be pulled: what `kill -9` of a process is to the others, without a process; or held, which
 * is what a process looks like that was stopped and wakes up later.
 */
export class CutNetwork implements Network {
  readonly #inner: Network;
  readonly #open = new Set<Connection>();
  #isCut = false;
  #held: (() => void)[] | undefined;

  constructor(inner: Network) {
    this.#inner = inner;
  }

  /** Ends every connection without a word, and all later ones. */
  cut(): void {
    this.#isCut = true;
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  /** Nothing goes out any more, until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  async connect(
    host: string,
    port: number,
    options?: { readonly timeoutMs?: number; readonly tls?: TlsOptions },
  ): Promise<Connection> {
    if (this.#isCut) throw new StreamctlError('broker-unreachable', `cannot connect to ${host}:${port}`);
    const connection = await this.#inner.connect(host, port, options);
    if (this.#isCut) {
      connection.destroy();
      throw new StreamctlError('broker-unreachable', `cannot connect to ${host}:${port}`);
    }
    this.#open.add(connection);
    return {
      ...connection,
      peer: connection.peer,
      send: (chunks) => {
        if (!this.#held) return connection.send(chunks);
        // Copied: what is sent late must be what was meant to be sent.
        const copies = chunks.map((chunk) => chunk.slice());
        this.#held.push(() => connection.send(copies));
        return 0;
      },
    };
  }

  listen: Network['listen'] = (...given) => this.#inner.listen(...given);
  lock: Network['lock'] = (name) => this.#inner.lock(name);
  lockScope: Network['lockScope'] = () => this.#inner.lockScope();
}
