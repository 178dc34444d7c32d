import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { StreamctlError } from './errors.js';
import type { FileHandle, FileSystem, OpenMode } from './files.js';
import type { Listener, Network, TlsOptions } from './network.js';
import { lockScope, takeLock } from './system-lock.js';
import { ReadTarget, readingInto, wrapSocket } from './system-sockets.js';
import { dialTls, tlsHint, tlsServer } from './system-tls.js';
import type { Clock } from './time.js';

/** What `setTimeout` can take. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** {@link Clock} of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, action, background = false) {
    const dueMs = performance.now() + delayMs;
    // Node counts from when its loop last looked at the time, so a timer often fires early; and longer ones at once.
    const fire = (): void => {
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) timer = start(leftMs);
      else action();
    };
    const start = (ms: number): NodeJS.Timeout => {
      const started = setTimeout(fire, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
      return background ? started.unref() : started;
    };
    let timer = start(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = systemClock.after(delayMs, done);
      function done(): void {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};

/** Runs a file call and gives its failure our words. */
function onDisk<T>(what: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw diskError(what, path, cause);
  }
}

function diskError(what: string, path: string, cause: unknown): StreamctlError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new StreamctlError('not-found', `${path} does not exist`, { cause });
  const full = code === 'ENOSPC' ? ': the disk is full' : '';
  const hint = code === 'ENOSPC' ? 'free some space, then run the same command again' : undefined;
  return new StreamctlError('disk-failed', `cannot ${what} ${path}${full}`, {
    detail: message,
    cause,
    ...(hint ? { hint } : {}),
  });
}

class SystemFile implements FileHandle {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #afterClose: (() => void) | undefined;

  constructor(path: string, descriptor: number, afterClose?: () => void) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#afterClose = afterClose;
  }

  read(target: Uint8Array, position: number): number {
    return onDisk('read', this.#path, () => {
      let filled = 0;
      while (filled < target.length) {
        const count = readSync(this.#descriptor, target, filled, target.length - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled;
    });
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    onDisk('write', this.#path, () => {
      let pending = chunks.filter((chunk) => chunk.length > 0);
      let at = position;
      // One piece is what nearly every append of the broker is.
      if (pending.length === 1) {
        const written = writeSync(this.#descriptor, pending[0]!, 0, pending[0]!.length, at);
        at += written;
        pending = written === pending[0]!.length ? [] : [pending[0]!.subarray(written)];
      }
      while (pending.length > 0) {
        // Linux takes at most 1,024 buffers in one call, and may write fewer bytes than given.
        let written = writevSync(this.#descriptor, pending.slice(0, 1024), at);
        at += written;
        let skip = 0;
        while (skip < pending.length && written >= pending[skip]!.length) written -= pending[skip++]!.length;
        pending = pending.slice(skip);
        if (written > 0) pending[0] = pending[0]!.subarray(written);
      }
    });
  }

  size(): number {
    return onDisk('stat', this.#path, () => fstatSync(this.#descriptor).size);
  }

  truncate(size: number): void {
    onDisk('truncate', this.#path, () => ftruncateSync(this.#descriptor, size));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (cause) => (cause ? reject(diskError('sync', this.#path, cause)) : resolve()));
    });
  }

  syncNow(): void {
    onDisk('sync', this.#path, () => fdatasyncSync(this.#descriptor));
  }

  close(): void {
    onDisk('close', this.#path, () => closeSync(this.#descriptor));
    this.#afterClose?.();
  }
}

/** {@link FileSystem} of this machine. */
export const systemFiles: FileSystem = {
  open(path: string, mode: OpenMode): FileHandle {
    return onDisk('open', path, () => {
      if (mode === 'read') return new SystemFile(path, openSync(path, 'r'));
      // 'a+' would force every write to the end; positions are ours.
      return new SystemFile(path, existsSync(path) ? openSync(path, 'r+') : openSync(path, 'w+'));
    });
  },
  openTemporary() {
    const folder = onDisk('make', tmpdir(), () => mkdtempSync(join(tmpdir(), 'streamctl-')));
    const path = join(folder, 'spill');
    return onDisk('open', path, () => {
      const descriptor = openSync(path, 'wx+', 0o600);
      // Windows keeps the name until the file is closed.
      const forget = (): void => rmSync(folder, { recursive: true, force: true });
      if (process.platform !== 'win32') forget();
      return new SystemFile(path, descriptor, process.platform === 'win32' ? forget : undefined);
    });
  },
  exists: (path) => existsSync(path),
  stamp: (path) =>
    onDisk('look at', path, () => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat && { sizeBytes: stat.size, modifiedMs: stat.mtimeMs, id: `${stat.dev}:${stat.ino}` };
    }),
  realPath: (path) => onDisk('find', path, () => realpathSync(path)),
  freeBytes: (path) =>
    onDisk('look at', path, () => {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    }),
  list: (folder) => (existsSync(folder) ? onDisk('list', folder, () => readdirSync(folder).sort()) : []),
  makeFolder: (path) => onDisk('make', path, () => void mkdirSync(path, { recursive: true })),
  remove: (path) => onDisk('remove', path, () => rmSync(path, { recursive: true, force: true })),
  rename: (from, to) => onDisk('rename', from, () => renameSync(from, to)),
  syncFolder(folder) {
    // Windows cannot open folders; its renames are journaled.
    if (process.platform === 'win32') return;
    onDisk('sync', folder, () => {
      const descriptor = openSync(folder, 'r');
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  },
  readFile: (path) => onDisk('read', path, () => readFileSync(path)),
  replaceFile(path, bytes) {
    const next = `${path}.next`;
    onDisk('write', next, () => {
      const descriptor = openSync(next, 'w');
      try {
        for (let at = 0; at < bytes.length; ) at += writevSync(descriptor, [bytes.subarray(at)], at);
        fdatasyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(next, path);
    });
    systemFiles.syncFolder(dirname(path));
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
