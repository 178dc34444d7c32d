import { expect, it } from 'vitest';
import { makeTopic, scene } from './broker-fixture.js';

it('the journal is replaced by a snapshot whatever the size of what is committed', async () => {
  const stage = await scene();
  await makeTopic(stage.client, 't', 100);
  const partitions = Array.from({ length: 100 }, (_, partitionIndex) => {
    return { partitionIndex, committedOffset: 7n, committedLeaderEpoch: -1, committedMetadata: 'x'.repeat(4000) };
  });
  const { offsets } = stage.running.broker.groups;
  const nobody = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1, retentionTimeMs: -1n };
  for (let group = 0; group < 60; group++) {
    await offsets.commit({ ...nobody, groupId: `g${group}`, topics: [{ name: 't', topicId: '', partitions }] }, 8);
  }
  expect(stage.files.list('/data/journal').some((name) => name.endsWith('.snapshot'))).toBe(true);
  await stage.restart();
  const asked = { memberId: null, memberEpoch: -1, topics: null };
  const groups = Array.from({ length: 60 }, (_, group) => ({ ...asked, groupId: `g${group}` }));
  const answers = await stage.running.broker.groups.offsets.fetch(groups, false, 8);
  for (const { topics } of answers) expect(topics[0]!.partitions).toHaveLength(100);
});
