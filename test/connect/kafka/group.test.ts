import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../src/base/bytes.js';
import type { Group } from '../../../src/connect/kafka/contracts.js';
import { GroupMember } from '../../../src/connect/kafka/group.js';
import type { GroupOptions, TopicPartition } from '../../../src/connect/kafka/interfaces.js';
import { leaveGroupApi } from '../../../src/wire/apis/13-leave-group.js';
import { type Cluster, startCluster } from './cluster-harness.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

interface Member {
  readonly group: Group;
  readonly log: string[];
}

/** A member with a client of its own, which writes down what it is told. */
function member(options: GroupOptions, onRevoked?: (group: Group) => Promise<void>): Member {
  const log: string[] = [];
  const tell = (what: string) => (partitions: readonly TopicPartition[]) => {
    log.push(`${what} ${partitions.map(({ partition }) => partition).sort()}`);
  };
  const group: Group = new GroupMember(
    cluster.connect(),
    { heartbeatMs: 20, sessionTimeoutMs: 6000, ...options },
    {
      assigned: tell('assigned'),
      revoked: async (partitions) => {
        tell('revoked')(partitions);
        await onRevoked?.(group);
      },
      lost: tell('lost'),
      failed: (error) => void log.push(`failed ${error.message}`),
    },
  );
  return { group, log };
}

async function until(condition: () => boolean): Promise<void> {
  for (let look = 0; look < 500 && !condition(); look++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

/** Puts a member out of its group, as an operator does. */
async function putOut(groupId: string, memberId: string): Promise<void> {
  const request = { groupId, memberId, members: [{ memberId }] };
  await cluster.client.call(leaveGroupApi, request, { group: groupId }, { what: '' });
}

const count = ({ group }: Member): number => group.assignment().length;

describe('GroupMember', () => {
  it('cooperative: keeps partitions while others join, shares them out, takes them back', async () => {
    const topic = await cluster.topic('coop', 4);
    const options: GroupOptions = { groupId: 'coop', topics: [topic] };
    const a = member(options, (group) => group.commit([{ topic, partition: 3, offset: 42, metadata: 'note' }]));
    await a.group.start();
    expect(a.log).toEqual(['assigned 0,1,2,3']);
    const b = member(options);
    await b.group.start();
    await until(() => count(a) === 2 && count(b) === 2);
    expect(a.log[1]).toMatch(/^revoked \d,\d$/);
    expect(
      await b.group.committed([
        { topic, partition: 3 },
        { topic, partition: 0 },
      ]),
    ).toEqual([{ topic, partition: 3, offset: 42, metadata: 'note', leaderEpoch: -1 }]);
    await a.group.leave();
    await until(() => count(b) === 4);
    expect(a.group.identity()).toBeUndefined();
    expect(b.log.some((line) => line.startsWith('revoked'))).toBe(false);
    await b.group.leave();
  });

  it('range: gives up everything for each rebalance', async () => {
    const topic = await cluster.topic('range', 3);
    const options: GroupOptions = { groupId: 'range', topics: [topic], assignors: ['range'] };
    const a = member(options);
    const b = member(options);
    await a.group.start();
    await b.group.start();
    await until(() => count(a) + count(b) === 3 && count(b) > 0);
    expect(a.log.slice(0, 2)).toEqual(['assigned 0,1,2', 'revoked 0,1,2']);
    await a.group.leave();
    await b.group.leave();
  });

  it('places: everybody gives up everything, and learns its place and what the others say', async () => {
    const topic = await cluster.topic('places', 2);
    const options: GroupOptions = { groupId: 'places', topics: [topic], assignors: ['places'] };
    const a = member({ ...options, userData: utf8('one') });
    const b = member({ ...options, userData: utf8('two') });
    const c = member(options);
    const said = ({ group }: typeof a): string[] =>
      group.place()!.userData.map((data) => (data === null ? '' : fromUtf8(data)));
    await a.group.start();
    expect(said(a)).toEqual(['one']);
    await b.group.start();
    await until(() => count(a) === 1 && count(b) === 1);
    const places = [a, b].map(({ group }) => group.place()!);
    expect(places.map(({ place }) => place).toSorted()).toEqual([0, 1]);
    expect([said(a)[places[0]!.place], said(a)[places[1]!.place]]).toEqual(['one', 'two']);
    expect(said(b)).toEqual(said(a));
    // A member without any partition has to know too.
    await c.group.start();
    await until(() => a.group.place()?.userData.length === 3);
    expect(count(a) + count(b) + count(c)).toBe(2);
    await a.group.leave();
    await b.group.leave();
    await until(() => count(c) === 2);
    expect(c.group.place()!.place).toBe(0);
    await c.group.leave();
  });

  it('tells a member that its partitions are lost when it was put out, and joins anew', async () => {
    const topic = await cluster.topic('lost', 1);
    const a = member({ groupId: 'lost', topics: [topic] });
    await a.group.start();
    const { memberId } = a.group.identity()!;
    await putOut('lost', memberId);
    await until(() => a.log.length >= 3);
    expect(a.log).toEqual(['assigned 0', 'lost 0', 'assigned 0']);
    expect(a.group.identity()!.memberId).not.toBe(memberId);
    await a.group.leave();
  });

  it('ends a member that cannot let go of what it lost', async () => {
    const topic = await cluster.topic('stuck', 1);
    const failures: string[] = [];
    const options = { groupId: 'stuck', topics: [topic], heartbeatMs: 20, sessionTimeoutMs: 6000 };
    const group = new GroupMember(cluster.connect(), options, {
      assigned: () => undefined,
      revoked: () => undefined,
      lost: () => Promise.reject(new Error('the disk is full')),
      failed: (error) => void failures.push(error.message),
    });
    await group.start();
    await putOut('stuck', group.identity()!.memberId);
    await until(() => failures.length > 0);
    expect(failures).toEqual(['the disk is full']);
    await group.leave();
  });

  it('refuses to commit for a member that was put out', async () => {
    const topic = await cluster.topic('out', 1);
    const a = member({ groupId: 'out', topics: [topic], heartbeatMs: 60_000 });
    await a.group.start();
    const { memberId } = a.group.identity()!;
    await putOut('out', memberId);
    await expect(a.group.commit([{ topic, partition: 0, offset: 1 }])).rejects.toMatchObject({ code: 'conflict' });
    await a.group.leave();
  });
});
