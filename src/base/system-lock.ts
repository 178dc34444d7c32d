import { readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { StreamctlError } from './errors.js';
import type { Lock } from './network.js';

/** See {@link Network}: a listener on a name that only one process can listen on. @throws `disk-failed` */
export function takeLock(name: string): Promise<Lock | undefined> {
  return new Promise<Lock | undefined>((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolve(undefined);
      else reject(new StreamctlError('disk-failed', `cannot take the lock ${name}`, { detail: cause.message, cause }));
    });
    const release = (): Promise<void> => new Promise((done) => void server.close(() => done()));
    server.listen({ ...lockAddress(name), exclusive: true }, () => {
      server.unref();
      resolve({ release });
    });
  });
}

/** Where abstract sockets and named pipes do not exist (macOS), a loopback port made from the name serves as the lock. */
function lockAddress(name: string): { path: string } | { host: string; port: number } {
  if (process.platform === 'linux') return { path: `\0streamctl-${name}` };
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\streamctl-${name}` };
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return { host: '127.0.0.1', port: 20_000 + (hash % 12_000) };
}

/**
 * Names the machine, as far as {@link takeLock} excludes others: on Linux one network namespace since one start of the kernel,
 * so that containers which cannot see each other's locks differ.
 */
export function lockScope(): string {
  if (process.platform !== 'linux') return hostname();
  const parts = [
    () => hostname(),
    () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    () => readlinkSync('/proc/self/ns/net'),
  ];
  return parts.map((part) => orNothing(part)).join(' ');
}

function orNothing(part: () => string): string {
  try {
    return part();
  } catch {
    // Some sandboxes hide /proc.
    return '';
  }
}
