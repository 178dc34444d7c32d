import { createConnection, createServer, type Socket } from 'node:net';
import { StreamctlError } from './errors.js';
import type { Listener, Network, TlsOptions } from './network.js';
import { lockScope, takeLock } from './system-lock.js';
import { ReadTarget, readingInto, wrapSocket } from './system-sockets.js';
import { dialTls, tlsHint, tlsServer } from './system-tls.js';
import type { Clock } from './time.js';

export { systemFiles } from './system-files.js';

/** {@link Clock} of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, action, background = false) {
    const timer = setTimeout(action, delayMs);
    if (background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, delayMs);
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};

function dial(host: string, port: number, tls: TlsOptions | undefined, target: ReadTarget): Socket {
  return tls ? dialTls(host, port, tls) : createConnection({ host, port, onread: target.onread });
}

function addressHint(code: string | undefined): string {
  return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
    ? 'listen on an address of this machine'
    : 'choose another port with --port, or 0 for a free one';
}

/** {@link Network} of this machine. */
export const systemNetwork: Network = {
  connect(host, port, options = {}) {
    return new Promise((resolve, reject) => {
      const target = new ReadTarget();
      const socket = dial(host, port, options.tls, target);
      const timeoutMs = options.timeoutMs ?? 10_000;
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(
          new StreamctlError('broker-unreachable', `cannot connect to ${host}:${port}`, {
            detail: cause.message,
            cause,
            ...tlsHint(cause, options.tls),
          }),
        );
      };
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      socket.once('error', fail);
      socket.once(options.tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        resolve(wrapSocket(socket, `${host}:${port}`, options.tls ? undefined : target));
      });
    });
  },
  listen(host, port, accept, tls) {
    return new Promise<Listener>((resolve, reject) => {
      const open = new Set<Socket>();
      const watch = (socket: Socket): void => {
        open.add(socket);
        socket.once('close', () => open.delete(socket));
      };
      const take = (socket: Socket, target?: ReadTarget): void => {
        accept(wrapSocket(socket, `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`, target));
      };
      const takePlain = (accepted: Socket): void => {
        const target = new ReadTarget();
        const socket = readingInto(accepted, target);
        watch(socket);
        take(socket, target);
      };
      const server = tls ? tlsServer(tls, take) : createServer(takePlain);
      // Those that have not finished their TLS handshake too.
      if (tls) server.on('connection', watch);
      server.once('error', (cause: NodeJS.ErrnoException) => {
        const taken = cause.code === 'EADDRINUSE';
        reject(
          new StreamctlError(
            'port-in-use',
            taken ? `port ${port} on ${host} is in use` : `cannot listen on ${host}:${port}`,
            {
              detail: cause.message,
              hint: addressHint(cause.code),
              cause,
            },
          ),
        );
      });
      server.listen({ host, port, exclusive: true }, () => {
        const address = server.address() as { port: number };
        const close = async (): Promise<void> => {
          const closed = [...open].map((socket) => new Promise((done) => socket.destroy().once('close', done)));
          await Promise.all([new Promise((done) => server.close(done)), ...closed]);
        };
        resolve({ host, port: address.port, close });
      });
    });
  },
  lock: takeLock,
  lockScope,
};
