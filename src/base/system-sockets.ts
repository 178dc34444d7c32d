import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Connection } from './network.js';

const NOTHING = new Uint8Array(0);

/** Bytes that a connection reads at a time where nobody says where to put them. */
const READ_BYTES = 64 * 1024;
/** Where the first read of an accepted connection goes; shared, as each read is dealt with before the next one. */
let first: Uint8Array | undefined;
const FIRST_READ_BYTES = 16 * 1024;

/** Where a connection puts what it reads, and who is told. */
export class ReadTarget {
  room: () => Uint8Array = () => Buffer.allocUnsafeSlow(READ_BYTES);
  handler: (bytes: Uint8Array) => void = () => undefined;

  /** For `net`: what it calls before and after each read. */
  get onread(): OnReadOpts {
    return {
      buffer: () => this.room(),
      callback: (count, bytes) => {
        this.handler(bytes.subarray(0, count));
        return true;
      },
    };
  }
}

/**
 * The connection of an accepted socket as one that reads to where `target` says; `net` offers that only to those who dial.
 * Where it cannot be had (`net` keeps its handles elsewhere; Windows, which fills the arrays of several connections at a
 * time), the socket is what it was.
 */
export function readingInto(accepted: Socket, target: ReadTarget): Socket {
  const owner = accepted as unknown as { _handle?: { useUserBuffer?: unknown } | null };
  const handle = owner._handle;
  if (process.platform === 'win32' || typeof handle?.useUserBuffer !== 'function') return accepted;
  target.room = () => {
    first ??= new Uint8Array(FIRST_READ_BYTES);
    return first;
  };
  const socket = new Socket({ handle, onread: target.onread } as SocketConstructorOpts);
  // From here on the old socket has nothing to close.
  owner._handle = null;
  accepted.destroy();
  return socket;
}

/** @param target where the socket may have been made to read to; else it makes arrays itself. */
export function wrapSocket(socket: Socket, peer: string, target?: ReadTarget): Connection {
  socket.setNoDelay(true);
  let failure: Error | undefined;
  let onDrain: (() => void) | undefined;
  let waiting = false;
  // 'drain' comes only after more than the high-water mark was queued, so an empty write tells when the rest is out.
  const watchDrain = (): void => {
    if (waiting || !onDrain) return;
    waiting = true;
    socket.write(NOTHING, (error) => {
      waiting = false;
      if (error) return;
      if (socket.writableLength === 0) onDrain!();
      else watchDrain();
    });
  };
  // Without a listener an early reset would end the process.
  socket.on('error', (error) => {
    failure = error;
  });
  return {
    peer,
    send(chunks, onSent) {
      if (socket.destroyed || socket.writableEnded) return 0;
      if (chunks.length > 1) socket.cork();
      const last = chunks.length - 1;
      for (let i = 0; i < last; i++) socket.write(chunks[i]!);
      // The last one is out when all are.
      if (last >= 0) socket.write(chunks[last]!, onSent && ((error) => void (error ?? onSent())));
      if (chunks.length > 1) socket.uncork();
      const pending = socket.writableLength;
      if (pending > 0) watchDrain();
      return pending;
    },
    pending: () => socket.writableLength,
    onData(handler, room) {
      if (target) {
        target.handler = room ? handler : (bytes) => handler(bytes.slice());
        target.room = room ?? target.room;
      }
      // A socket that reads to where it is told has no such event.
      socket.on('data', handler);
    },
    onDrain(handler) {
      onDrain = handler;
      if (socket.writableLength > 0) watchDrain();
    },
    onClose: (handler) => void socket.on('close', () => handler(failure)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
