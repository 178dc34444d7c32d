import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { jsonText } from '../../src/commands/shared/running/pipeline-text.js';
import { writePlan } from '../../src/plan/document/write-plan.js';
import type { Connection } from '../../src/run/connection.js';
import { groupOf } from '../../src/run/internal-topics.js';
import { type Running, Workspace } from '../support/streamctl.js';
import { expectEachOnce, type Ground, makeTrips, onGround, prepareTrips, send, tripsPlan, waitUntil } from './trips.js';

const SEED = 20240313;
/** The shortest that brokers take, unless they are told otherwise. */
const SESSION_MS = 6_000;
const PARTITIONS = [0, 1, 2];
let broker: Ground['broker'];
let connection: Connection;
let space: Workspace;

onGround((ground) => ({ broker, connection } = ground));
beforeEach(() => {
  const { host, port } = broker.settings.brokers[0]!;
  space = new Workspace({ STREAMCTL_BROKERS: `${host}:${port}` });
  return () => space.remove();
});

/** A worker in a process of its own. */
function startWorker(): Running {
  const session = `session.timeout.ms=${SESSION_MS}`;
  // However slow this machine is: silence must not close windows.
  const flags = ['--checkpoint', '100ms', '--idle', '1h', '-X', session];
  return space.start(['run', './trips.pipeline.json', ...flags]);
}

/** How often a worker has said `text`. */
function said({ output }: Running, text: string): number {
  return output().stderr.split(text).length - 1;
}

/** Records that the group has committed, over all partitions. */
async function committed(name: string): Promise<number> {
  const topic = `${name}-in`;
  const partitions = PARTITIONS.map((partition) => ({ topic, partition }));
  const offsets = await connection.committed(groupOf(name), partitions);
  return offsets.reduce((sum, { offset }) => sum + offset, 0);
}

describe('a worker process that is stopped for longer than its session', () => {
  // Whoever is first in the group leads it: both are stopped in turn.
  it.each([0, 1])(
    'loses its partitions, is shut out, joins again; every window is given out once: worker %d',
    async (at) => {
      const name = await prepareTrips(connection, `stalled-${at}`);
      writeFileSync(join(space.folder, 'trips.pipeline.json'), jsonText(writePlan(tripsPlan(name))));
      const trips = makeTrips(SEED + at, 1_600, 20);
      const part = trips.length / 4;
      const workers = [startWorker(), startWorker()];
      await waitUntil(() => workers.every((worker) => said(worker, 'shares the work') > 0), 'both workers');
      await send(connection, `${name}-in`, trips.slice(0, part));
      await waitUntil(async () => (await committed(name)) >= part, 'the first rows');

      // It is stopped while it works: rows are on their way, its transaction is open.
      const stalled = workers[at]!;
      const other = workers[1 - at]!;
      const sent = send(connection, `${name}-in`, trips.slice(part, 2 * part));
      await waitUntil(async () => (await committed(name)) > part, 'more rows');
      stalled.child.kill('SIGSTOP');
      await sent;
      await waitUntil(() => said(other, 'works alone again') > 0, 'the end of the session');
      await send(connection, `${name}-in`, trips.slice(2 * part, 3 * part));
      await waitUntil(async () => (await committed(name)) >= 3 * part, 'the rows of the other worker');

      stalled.child.kill('SIGCONT');
      await waitUntil(() => said(stalled, 'shares the work') > 1, 'the return of the stopped worker');
      await send(connection, `${name}-in`, trips.slice(3 * part));
      await waitUntil(async () => (await committed(name)) >= trips.length, 'the last rows');
      for (const { child } of workers) child.kill('SIGINT');
      for (const { finished } of workers) expect((await finished).code).toBe(0);
      const last = await space.run(['run', './trips.pipeline.json', '--until', 'eof', '-q']);
      expect({ code: last.code, stderr: last.stderr }).toEqual({ code: 0, stderr: '' });
      await expectEachOnce(connection, name, trips);
    },
  );
});
