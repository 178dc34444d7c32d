import { describe, expect, it } from 'vitest';
import { systemCompression } from '../../src/base/compression.js';
import { systemCrypto } from '../../src/base/crypto.js';
import type { BrokerEdges } from '../../src/broker/broker.js';
import { writeBrokerFile } from '../../src/embedded/broker-file.js';
import {
  ensureBroker,
  findBroker,
  type OwnedBroker,
  readBrokerFile,
  resetBroker,
  startBroker,
  stopBroker,
} from '../../src/embedded/index.js';
import { SimClock, settle } from '../support/sim-clock.js';
import { SimFiles } from '../support/sim-files.js';
import { SimNetwork } from '../support/sim-network.js';
import { WireClient } from '../support/wire-client.js';

const FOLDER = '/project/.streamctl/broker';

function world(): BrokerEdges & { clock: SimClock; files: SimFiles; network: SimNetwork } {
  return {
    clock: new SimClock(),
    files: new SimFiles(),
    network: new SimNetwork(),
    crypto: systemCrypto,
    compression: systemCompression,
  };
}

function start(edges: BrokerEdges, pid = 1, idleStopMs?: number): Promise<OwnedBroker> {
  const idle = idleStopMs === undefined ? {} : { idleStopMs };
  return startBroker(edges, { dataFolder: FOLDER, version: '1.0.0', pid, ...idle });
}

/** Lets simulated time pass until `promise` is settled. */
async function passing<T>(clock: SimClock, promise: Promise<T>): Promise<T> {
  let over = false;
  const done = (): void => {
    over = true;
  };
  promise.then(done, done);
  while (!over) await clock.advance(100);
  return promise;
}

describe('the owner of a data folder', () => {
  it('is one: the second is told who and where the first is', async () => {
    const edges = world();
    const first = await start(edges, 11);
    await expect(start(edges, 12)).rejects.toMatchObject({
      code: 'folder-owned',
      detail: `It has pid 11 and listens on 127.0.0.1:${first.port}.`,
    });
    expect(await findBroker(edges, FOLDER)).toMatchObject({ pid: 11, port: first.port, version: '1.0.0' });
    await first.close();
    expect(await findBroker(edges, FOLDER)).toBe(undefined);
    const second = await start(edges, 12);
    expect(await findBroker(edges, FOLDER)).toMatchObject({ pid: 12 });
    await second.close();
  });

  it('stops when nobody was connected for the time it was given, and says why', async () => {
    const edges = world();
    const broker = await start(edges, 1, 60_000);
    await edges.clock.advance(50_000);
    const client = await WireClient.open(edges.network, broker.port);
    await edges.clock.advance(100_000);
    expect(await findBroker(edges, FOLDER)).toBeDefined();
    client.close();
    await edges.clock.advance(62_000);
    expect(await broker.ended).toEqual({ reason: 'idle' });
    expect(readBrokerFile(edges.files, FOLDER)).toBe(undefined);
    await (await start(edges, 2)).close();
  });

  it('stays when it was told to stay', async () => {
    const edges = world();
    const broker = await start(edges);
    await edges.clock.advance(10_000_000);
    expect(await findBroker(edges, FOLDER)).toBeDefined();
    await broker.close();
    expect(await broker.ended).toEqual({ reason: 'closed' });
  });

  it('ends when a sync fails, and frees the folder', async () => {
    const edges = world();
    const broker = await start(edges);
    edges.files.faultAt(edges.files.calls + 1, 'fail');
    void broker.broker.admin.create({ name: 't', partitions: 1, configs: new Map() });
    const end = await broker.ended;
    expect(end).toMatchObject({ reason: 'failed', error: { code: 'disk-failed' } });
    await (await start(edges)).close();
  });

  it('leaves the lock alone when it cannot start', async () => {
    const edges = world();
    const other = await edges.network.listen('127.0.0.1', 9000, () => {});
    const options = { dataFolder: FOLDER, version: '1', pid: 1, port: 9000 };
    await expect(startBroker(edges, options)).rejects.toMatchObject({ code: 'port-in-use' });
    await other.close();
    await (await startBroker(edges, options)).close();
  });
});

describe('finding a broker', () => {
  it('sees through a file that kill -9 left behind, whatever took its port', async () => {
    const edges = world();
    const stale = { pid: 9, host: '127.0.0.1', port: 9000, version: '1', startedAtMs: 0, stopsWhenIdle: true };
    edges.files.makeFolder(FOLDER);
    writeBrokerFile(edges.files, FOLDER, { ...stale, clusterId: 'BBBBBBBBBBBBBBBBBBBBBA' });
    expect(await findBroker(edges, FOLDER)).toBe(undefined);
    const other = await edges.network.listen('127.0.0.1', 9000, (connection) => {
      connection.onData(() => connection.send([new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n')]));
    });
    expect(await findBroker(edges, FOLDER)).toBe(undefined);
    await other.close();
    const foreign = await startBroker(edges, { dataFolder: '/elsewhere', version: '1', pid: 2, port: 9000 });
    expect(await findBroker(edges, FOLDER)).toBe(undefined);
    await foreign.close();
  });

  it.each(['', '{', '{"pid":1}', '[]', 'null'])('takes the file %j for none', (text) => {
    const edges = world();
    edges.files.makeFolder(FOLDER);
    edges.files.replaceFile(`${FOLDER}/broker.json`, new TextEncoder().encode(text));
    expect(readBrokerFile(edges.files, FOLDER)).toBe(undefined);
  });

  it('starts one where none is, and one only for many who ask at once', async () => {
    const edges = world();
    let spawned = 0;
    const spawn = (folder: string) => {
      const state: { code: number | null | undefined; logPath: string } = { code: undefined, logPath: `${folder}/log` };
      start(edges, ++spawned).catch(() => {
        state.code = 0;
      });
      return state;
    };
    const asked = Array.from({ length: 8 }, () => ensureBroker(edges, FOLDER, { spawn }));
    const found = await passing(edges.clock, Promise.all(asked));
    expect(new Set(found.map(({ port }) => port)).size).toBe(1);
    const again = await passing(edges.clock, ensureBroker(edges, FOLDER, { spawn }));
    expect(again.port).toBe(found[0]!.port);
    expect(spawned).toBe(8);
  });

  it('shows the last words of a broker that cannot start', async () => {
    const edges = world();
    edges.files.makeFolder(FOLDER);
    edges.files.replaceFile(`${FOLDER}/broker.log`, new TextEncoder().encode('one\nerror: the disk is on fire\n'));
    const spawn = () => ({ code: 3, logPath: `${FOLDER}/broker.log` });
    await expect(passing(edges.clock, ensureBroker(edges, FOLDER, { spawn }))).rejects.toMatchObject({
      code: 'broker-unreachable',
      detail: 'one\nerror: the disk is on fire',
    });
  });

  it('gives up in time on one that does not get ready', async () => {
    const edges = world();
    const spawn = () => ({ code: undefined, logPath: '/none' });
    await expect(passing(edges.clock, ensureBroker(edges, FOLDER, { spawn, timeoutMs: 2000 }))).rejects.toMatchObject({
      code: 'broker-unreachable',
    });
  });
});

describe('stopping and resetting', () => {
  it('asks the owner to end and waits until the folder is free', async () => {
    const edges = world();
    const broker = await start(edges, 77);
    const asked: number[] = [];
    const terminate = (pid: number): void => {
      asked.push(pid);
      void edges.clock.sleep(200).then(() => broker.close());
    };
    const stopped = await passing(edges.clock, stopBroker({ ...edges, terminate }, FOLDER));
    expect([stopped?.pid, asked]).toEqual([77, [77]]);
    expect(await stopBroker({ ...edges, terminate }, FOLDER)).toBe(undefined);
  });

  it('says so when the owner does not end', async () => {
    const edges = world();
    const broker = await start(edges, 77);
    const stubborn = stopBroker({ ...edges, terminate: () => {} }, FOLDER);
    await expect(passing(edges.clock, stubborn)).rejects.toMatchObject({ code: 'timeout' });
    await broker.close();
  });

  it('removes everything', async () => {
    const edges = world();
    const broker = await start(edges, 77);
    await broker.broker.admin.create({ name: 't', partitions: 1, configs: new Map() });
    const terminate = (): void => void broker.close();
    await passing(edges.clock, resetBroker({ ...edges, terminate }, FOLDER));
    expect(edges.files.exists(FOLDER)).toBe(false);
    const fresh = await start(edges, 78);
    expect(fresh.broker.topics.list()).toEqual([]);
    await settle();
    await fresh.close();
  });
});
