import { isIP, type Server, type Socket } from 'node:net';
import { StreamctlError } from './errors.js';
import type { TlsOptions } from './network.js';

/** Loaded when first used: it takes longer than everything else here together. */
function tlsModule(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}

/** Begins a TLS connection. @throws `usage` for a certificate or key that cannot be used. */
export function dialTls(host: string, port: number, tls: TlsOptions): Socket {
  const { serverName, verify, ...pem } = tls;
  // An address is no server name, says RFC 6066; it is compared with the certificate all the same.
  const servername = serverName ?? (isIP(host) ? '' : host);
  return withPem(() => tlsModule().connect({ host, port, servername, rejectUnauthorized: verify !== false, ...pem }));
}

/** Runs a call that reads PEM texts, which fails at once where they are none. */
function withPem<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new StreamctlError('usage', 'the certificate or its key cannot be used', {
      detail: (cause as Error).message,
      hint: 'both have to be PEM, belong together, and the key must not be encrypted without its password',
      cause,
    });
  }
}

const UNTRUSTED = /SELF_SIGNED|UNABLE_TO|CERT_UNTRUSTED|CERT_SIGNATURE/;

/** What to do about a connection that failed by TLS; nothing where it was something else. */
export function tlsHint(cause: Error, tls: TlsOptions | undefined): { hint?: string } {
  if (!tls) return {};
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (UNTRUSTED.test(code)) return { hint: '-X ssl.ca.location=FILE names the certificate to trust' };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { hint: 'connect by a name that the certificate has' };
  if (code.startsWith('CERT_')) return { hint: 'the broker needs another certificate' };
  if (/ECONNRE|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUN/.test(code)) return {};
  return { hint: 'check that the broker speaks TLS on this port: -X security.protocol' };
}

/** Longest a client may take for its TLS handshake. */
const HANDSHAKE_MS = 10_000;
/** Handshakes under way at a time; beyond, the oldest gives way. */
const HANDSHAKES_MAX = 1_000;

/** A server whose connections are given to `take` after their handshake. @throws `usage` for a certificate or key that cannot be used. */
export function tlsServer({ cert, key, ca, verify }: TlsOptions, take: (socket: Socket) => void): Server {
  const shaking = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  const server = withPem(() =>
    tlsModule().createServer({
      cert,
      key,
      ca,
      requestCert: ca !== undefined,
      rejectUnauthorized: verify !== false,
      handshakeTimeout: HANDSHAKE_MS,
      noDelay: true,
    }),
  );
  server.on('connection', (socket: Socket) => {
    const [oldest] = shaking.values();
    if (oldest && shaking.size >= HANDSHAKES_MAX) oldest.destroy();
    const name = nameOf(socket);
    shaking.set(name, socket);
    socket.once('close', () => shaking.delete(name));
  });
  server.on('secureConnection', (socket) => {
    shaking.delete(nameOf(socket));
    take(socket);
  });
  return server;
}
