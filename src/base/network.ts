/** TLS settings of a client connection. */
export interface TlsOptions {
  readonly serverName?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly verify?: boolean;
}

/** A byte stream. Handlers are set once, right after it is handed out, before any other await. */
export interface Connection {
  /** `host:port` of the other side. */
  readonly peer: string;
  /**
   * Queues all chunks; the arrays must not be changed afterwards, or not before `onSent`.
   * @param onSent called once all of them are handed to the kernel; never when the connection ends before.
   * @returns bytes queued and not yet handed to the kernel.
   */
  send(chunks: readonly Uint8Array[], onSent?: () => void): number;
  /** Bytes queued and not yet handed to the kernel. */
  pending(): number;
  /**
   * @param room where the next bytes are best put. A connection that can read straight into memory then gives the handler the
   * filled beginning of that array; others, and its first read, bring arrays of their own, to be looked at until the handler
   * returns. Without it every array is the handler's own.
   */
  onData(handler: (bytes: Uint8Array) => void, room?: () => Uint8Array): void;
  /** Called when `pending` fell to zero. */
  onDrain(handler: () => void): void;
  /** Called once; `error` when it did not end in peace. */
  onClose(handler: (error?: Error) => void): void;
  /** Stops and restarts reading. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Held until released or until the process dies. */
export interface Lock {
  release(): Promise<void>;
}

/** The network calls the program needs. Real one in system.ts, simulated one in test/support. */
export interface Network {
  /** @throws `broker-unreachable` */
  connect(
    host: string,
    port: number,
    options?: { readonly timeoutMs?: number; readonly tls?: TlsOptions },
  ): Promise<Connection>;
  /** Port 0 takes a free one. With `tls`, cert and key are required. @throws `port-in-use` */
  listen(host: string, port: number, accept: (connection: Connection) => void, tls?: TlsOptions): Promise<Listener>;
  /** Takes the machine-wide lock `name`; undefined when another process has it. Freed by the kernel when the owner dies. */
  lock(name: string): Promise<Lock | undefined>;
  /** Names the machine, as far as locks exclude others: whoever says the same sees the same locks. */
  lockScope(): string;
}
