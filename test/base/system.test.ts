import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { Connection } from '../../src/base/network.js';
import { systemClock, systemFiles, systemNetwork } from '../../src/base/system.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamctl-system-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('files', () => {
  it('writes many chunks at a position and reads them back', async () => {
    const file = systemFiles.open(join(folder, 'a.log'), 'append');
    const chunks = Array.from({ length: 3000 }, (_, index) => utf8(`${index},`));
    file.write([utf8('head')], 0);
    file.write(chunks, 4);
    await file.sync();
    const all = new Uint8Array(file.size());
    expect(file.read(all, 0)).toBe(all.length);
    expect(fromUtf8(all)).toBe(`head${fromUtf8(concatBytes(chunks))}`);
    file.truncate(4);
    expect(file.size()).toBe(4);
    file.close();
  });

  it('keeps what an existing file holds when it is opened for append', () => {
    const path = join(folder, 'b.log');
    systemFiles.replaceFile(path, utf8('first'));
    const file = systemFiles.open(path, 'append');
    file.write([utf8('!')], file.size());
    file.close();
    expect(fromUtf8(systemFiles.readFile(path))).toBe('first!');
  });

  it('says what is missing and what cannot be written', () => {
    expect(() => systemFiles.open(join(folder, 'none'), 'read')).toThrow(/does not exist/);
    expect(() => systemFiles.replaceFile(join(folder, 'no', 'such', 'folder'), utf8(''))).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
    expect(systemFiles.list(join(folder, 'none'))).toEqual([]);
  });
});

describe('network', () => {
  it('tells when the rest is out, however little it was', async () => {
    let reader: Connection | undefined;
    const listener = await systemNetwork.listen('127.0.0.1', 0, (connection) => {
      reader = connection;
      connection.onData(() => undefined);
      connection.pause();
    });
    const connection = await systemNetwork.connect('127.0.0.1', listener.port);
    let drained = 0;
    connection.onDrain(() => drained++);
    // Until the kernel takes no more: less than one chunk is then left, far below the stream's high-water mark.
    while (connection.pending() === 0) connection.send([new Uint8Array(8192)]);
    expect(connection.pending()).toBeLessThanOrEqual(8192);
    reader!.resume();
    await expect.poll(() => drained).toBe(1);
    expect(connection.pending()).toBe(0);
    connection.destroy();
    await listener.close();
  });

  it('carries bytes both ways and reports the end', async () => {
    const listener = await systemNetwork.listen('127.0.0.1', 0, (connection) =>
      connection.onData((bytes) => connection.send([utf8('echo '), bytes])),
    );
    const connection = await systemNetwork.connect('127.0.0.1', listener.port);
    const answer = new Promise<string>((resolve) => connection.onData((bytes) => resolve(fromUtf8(bytes))));
    const closed = new Promise<void>((resolve) => connection.onClose(() => resolve()));
    connection.send([utf8('hello')]);
    expect(await answer).toMatch(/^echo/);
    await listener.close();
    await closed;
  });

  it('reads accepted connections to where they say, from the second read on, and tells when answers are out', async () => {
    const room = new Uint8Array(100_000);
    const heard: string[] = [];
    let inRoom = 0;
    let sent = 0;
    let ended = false;
    const listener = await systemNetwork.listen('127.0.0.1', 0, (connection) => {
      connection.onData(
        (bytes) => {
          if (bytes.buffer === room.buffer) inRoom++;
          heard.push(fromUtf8(bytes));
          connection.send([bytes.slice(), utf8('!')], () => sent++);
        },
        () => room,
      );
      connection.onClose(() => {
        ended = true;
      });
    });
    const connection = await systemNetwork.connect('127.0.0.1', listener.port);
    let echo = '';
    connection.onData((bytes) => {
      echo += fromUtf8(bytes);
    });
    for (const [index, text] of ['one', 'two', 'three'].entries()) {
      connection.send([utf8(text)]);
      await expect.poll(() => sent).toBe(index + 1);
    }
    await expect.poll(() => echo).toBe('one!two!three!');
    expect(heard).toEqual(['one', 'two', 'three']);
    // On Windows reads of several connections are under way at a time: none may go to a shared array.
    expect(inRoom).toBe(process.platform === 'win32' ? 0 : 2);
    connection.end();
    await expect.poll(() => ended).toBe(true);
    await listener.close();
  });

  it('never says that an answer is out when the connection ended before', async () => {
    const told: string[] = [];
    const listener = await systemNetwork.listen('127.0.0.1', 0, (connection) => {
      connection.onData(() => undefined);
      connection.onClose(() => told.push('closed'));
      while (connection.pending() === 0) connection.send([new Uint8Array(100_000)]);
      connection.send([new Uint8Array(100_000)], () => told.push('sent'));
    });
    const connection = await systemNetwork.connect('127.0.0.1', listener.port);
    connection.onData(() => undefined);
    connection.pause();
    connection.destroy();
    await expect.poll(() => told).toEqual(['closed']);
    await listener.close();
    expect(told).toEqual(['closed']);
  });

  it('names a port that is in use and a broker that is not there', async () => {
    const listener = await systemNetwork.listen('127.0.0.1', 0, () => undefined);
    await expect(systemNetwork.listen('127.0.0.1', listener.port, () => undefined)).rejects.toMatchObject({
      code: 'port-in-use',
    });
    await listener.close();
    await expect(systemNetwork.connect('127.0.0.1', listener.port)).rejects.toMatchObject({
      code: 'broker-unreachable',
      exit: 3,
    });
  });

  it('gives a lock to one holder at a time', async () => {
    const name = `test-${process.pid}`;
    const first = await systemNetwork.lock(name);
    expect(first).toBeDefined();
    expect(await systemNetwork.lock(name)).toBeUndefined();
    await first?.release();
    const second = await systemNetwork.lock(name);
    expect(second).toBeDefined();
    await second?.release();
  });
});

describe('clock', () => {
  it('never calls earlier than asked, however busy the loop was', async () => {
    const lengths: number[] = [];
    const one = (ms: number): Promise<void> =>
      new Promise((done) => {
        const beganMs = systemClock.elapsed();
        systemClock.after(ms, () => {
          lengths.push(systemClock.elapsed() - beganMs - ms);
          done();
        });
      });
    const calls: Promise<void>[] = [];
    for (let index = 0; index < 60; index++) {
      const busyUntilMs = systemClock.elapsed() + (index % 4);
      while (systemClock.elapsed() < busyUntilMs);
      calls.push(one(10 + (index % 7)));
      if (index % 10 === 9) await systemClock.sleep(1);
    }
    await Promise.all(calls);
    expect(lengths).toHaveLength(60);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(0);
  });

  it('waits longer than a timer of Node can', async () => {
    const called: string[] = [];
    const month = systemClock.after(30 * 86_400_000, () => called.push('month'));
    await systemClock.sleep(20);
    month.cancel();
    expect(called).toEqual([]);
  });

  it('wakes a sleeper when its signal aborts', async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(60_000, abort.signal);
    abort.abort();
    await sleeping;
  });
});
