import { StreamctlError } from '../../src/base/errors.js';
import type { Connection, Listener, Lock, Network } from '../../src/base/network.js';

/** A network inside one process: bytes arrive in order, in the turn after they were sent. Locks are per network. */
export class SimNetwork implements Network {
  readonly #listeners = new Map<number, (connection: Connection) => void>();
  readonly #locks = new Set<string>();
  #nextPort = 20_000;

  async connect(host: string, port: number): Promise<Connection> {
    const accept = this.#listeners.get(port);
    if (!accept) throw new StreamctlError('broker-unreachable', `cannot connect to ${host}:${port}`);
    const near = new SimConnection(`${host}:${port}`);
    const far = new SimConnection(`127.0.0.1:${this.#nextPort++}`);
    near.join(far);
    far.join(near);
    accept(far);
    return near;
  }

  async listen(host: string, port: number, accept: (connection: Connection) => void): Promise<Listener> {
    const chosen = port === 0 ? this.#nextPort++ : port;
    if (this.#listeners.has(chosen)) throw new StreamctlError('port-in-use', `port ${chosen} is in use`);
    this.#listeners.set(chosen, accept);
    return {
      host,
      port: chosen,
      close: async () => {
        this.#listeners.delete(chosen);
      },
    };
  }

  lockScope(): string {
    return 'simulated';
  }

  async lock(name: string): Promise<Lock | undefined> {
    if (this.#locks.has(name)) return undefined;
    this.#locks.add(name);
    return {
      release: async () => {
        this.#locks.delete(name);
      },
    };
  }
}

/** One end of a connection. */
class SimConnection implements Connection {
  readonly peer: string;
  #other: SimConnection | undefined;
  #open = true;
  #paused = false;
  #held: Uint8Array[] = [];
  #unread = 0;
  #data: (bytes: Uint8Array) => void = () => {};
  #borrowed = false;
  #drain: () => void = () => {};
  #close: (error?: Error) => void = () => {};

  constructor(peer: string) {
    this.peer = peer;
  }

  join(other: SimConnection): void {
    this.#other = other;
  }

  send(chunks: readonly Uint8Array[], onSent?: () => void): number {
    const other = this.#other;
    if (!this.#open || !other) return 0;
    for (const chunk of chunks) {
      const bytes = chunk.slice();
      this.#unread += bytes.length;
      queueMicrotask(() => other.#receive(bytes));
    }
    // Everything was copied: whoever still reads what was sent finds it changed.
    if (onSent) queueMicrotask(onSent);
    return this.#unread;
  }

  pending(): number {
    return this.#unread;
  }

  /** Bytes that arrived while paused. */
  get heldBytes(): number {
    return this.#held.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  onData(handler: (bytes: Uint8Array) => void, room?: () => Uint8Array): void {
    this.#data = handler;
    this.#borrowed = room !== undefined;
  }

  onDrain(handler: () => void): void {
    this.#drain = handler;
  }

  onClose(handler: (error?: Error) => void): void {
    this.#close = handler;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#receive(bytes);
  }

  end(): void {
    queueMicrotask(() => this.destroy());
  }

  destroy(): void {
    if (!this.#open) return;
    this.#open = false;
    const other = this.#other;
    queueMicrotask(() => {
      this.#close();
      other?.destroy();
    });
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#open) return;
    if (this.#paused) {
      this.#held.push(bytes);
      return;
    }
    const sender = this.#other!;
    sender.#unread -= bytes.length;
    this.#data(bytes);
    // Those who were told to look at it until they return must have done so.
    if (this.#borrowed) bytes.fill(0xee);
    if (sender.#unread === 0) sender.#drain();
  }
}
