import { ArrayPool } from '../base/array-pool.js';
import type { Connection, Listener, TlsOptions } from '../base/network.js';
import type { Timer } from '../base/time.js';
import type { Api } from '../wire/api.js';
import type { Broker } from './broker.js';
import type { HandlerTable } from './handler-table.js';
import type { Limits } from './limits.js';
import type { Login } from './security/login.js';
import { Session, type SessionHost } from './session.js';

/** How often connections are looked over for idleness. */
const SWEEP_MS = 10_000;

/** Large arrays of requests and answers that are kept to be used again. */
const POOLED_BYTES = 8 << 20;

/** What a server is made with. */
export interface ServerOptions {
  readonly broker: Broker;
  readonly limits: Limits;
  readonly handlers: HandlerTable;
  newLogin(): Login | undefined;
  interfere(api: Api, request: object): object | undefined;
  onTrouble(peer: string, error: unknown, bug: boolean): void;
}

/** All connections of a broker. */
export class BrokerServer implements SessionHost {
  readonly #options: ServerOptions;
  readonly arrays = new ArrayPool(POOLED_BYTES);
  readonly #sessions = new Set<Session>();
  #listener: Listener | undefined;
  #sweep: Timer | undefined;
  #quietSinceMs: number;
  #heldBytes = 0;
  #unsentBytes = 0;
  #cutting = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#quietSinceMs = this.#now();
  }

  get broker(): Broker {
    return this.#options.broker;
  }

  get handlers(): HandlerTable {
    return this.#options.handlers;
  }

  get limits(): Limits {
    return this.#options.limits;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** How long there has been no connection; 0 while there is one. */
  get quietMs(): number {
    return this.#sessions.size > 0 ? 0 : this.#now() - this.#quietSinceMs;
  }

  /** Begins to accept connections. @throws `port-in-use` */
  async listen(host: string, port: number, tls: TlsOptions | undefined): Promise<Listener> {
    const { network } = this.broker.edges;
    this.#listener = await network.listen(host, port, (connection) => this.#accept(connection), tls);
    this.#scheduleSweep();
    return this.#listener;
  }

  /** Stops accepting and closes all connections; answers that are under way are lost. */
  async close(): Promise<void> {
    this.#sweep?.cancel();
    for (const session of [...this.#sessions]) session.destroy();
    await this.#listener?.close();
  }

  newLogin(): Login | undefined {
    return this.#options.newLogin();
  }

  interfere(api: Api, request: object): object | undefined {
    return this.#options.interfere(api, request);
  }

  onRequest(session: Session): void {
    // Keeps the set in the order of last use among those that are proven, for the eviction below.
    this.#sessions.delete(session);
    this.#sessions.add(session);
  }

  onHeld(deltaBytes: number): void {
    this.#heldBytes += deltaBytes;
    if (this.#heldBytes <= this.limits.heldBytes) return;
    let largest: Session | undefined;
    for (const session of this.#sessions) {
      if (!largest || session.heldBytes > largest.heldBytes) largest = session;
    }
    largest?.destroy();
  }

  onUnsent(deltaBytes: number): void {
    this.#unsentBytes += deltaBytes;
    if (deltaBytes > 0 && this.#unsentBytes > this.limits.unsentTotalBytes) this.#cutSlowReaders();
  }

  answerRoom(): number {
    return Math.max(0, this.limits.unsentTotalBytes - this.#unsentBytes);
  }

  onClosed(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#quietSinceMs = this.#now();
  }

  onTrouble(peer: string, error: unknown, bug: boolean): void {
    this.#options.onTrouble(peer, error, bug);
  }

  #accept(connection: Connection): void {
    if (this.#sessions.size >= this.limits.connections && !this.#makeRoom()) {
      connection.destroy();
      return;
    }
    this.#sessions.add(new Session(this, connection));
  }

  /** Closes the connections that have not read for longest, until the others fit. */
  #cutSlowReaders(): void {
    if (this.#cutting) return;
    this.#cutting = true;
    try {
      // What the operating system took meanwhile counts no more.
      const slow = [...this.#sessions].filter((session) => session.countUnsent() > 0);
      slow.sort((a, b) => a.unsentSinceMs - b.unsentSinceMs);
      for (const session of slow.slice(0, -1)) {
        if (this.#unsentBytes <= this.limits.unsentTotalBytes) break;
        session.cutOff('it does not read its answers, and there is no room for more of them');
      }
    } finally {
      this.#cutting = false;
    }
  }

  /** Closes the connection that has been open for longest without a single request. */
  #makeRoom(): boolean {
    for (const session of this.#sessions) {
      if (session.proven) continue;
      session.destroy();
      this.#sessions.delete(session);
      return true;
    }
    return false;
  }

  #scheduleSweep(): void {
    const { clock } = this.broker.edges;
    this.#sweep = clock.after(
      SWEEP_MS,
      () => {
        const before = this.#now() - this.limits.idleConnectionMs;
        for (const session of [...this.#sessions]) {
          if (!session.busy && session.lastRequestMs < before) session.destroy();
        }
        this.#scheduleSweep();
      },
      true,
    );
  }

  #now(): number {
    return this.broker.edges.clock.elapsed();
  }
}
