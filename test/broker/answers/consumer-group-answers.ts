import type { RequestInputOf, ResponseOf } from '../../../src/wire/api.js';
import { offsetFetchApi } from '../../../src/wire/apis/09-offset-fetch.js';
import { heartbeatApi } from '../../../src/wire/apis/12-heartbeat.js';
import { syncGroupApi } from '../../../src/wire/apis/14-sync-group.js';
import { describeGroupsApi } from '../../../src/wire/apis/15-describe-groups.js';
import { deleteGroupsApi } from '../../../src/wire/apis/42-delete-groups.js';
import { offsetDeleteApi } from '../../../src/wire/apis/47-offset-delete.js';
import { consumerGroupHeartbeatApi } from '../../../src/wire/apis/68-consumer-group-heartbeat.js';
import { consumerGroupDescribeApi } from '../../../src/wire/apis/69-consumer-group-describe.js';
import { type AnswersContext, name } from './answers-context.js';
import { commit } from './group-answers.js';

type Input = RequestInputOf<typeof consumerGroupHeartbeatApi>;
type Output = ResponseOf<typeof consumerGroupHeartbeatApi>;

/** What a heartbeat leaves out that changes nothing. */
const AS_BEFORE = { rebalanceTimeoutMs: -1, subscribedTopicNames: null, topicPartitions: null } as const;

/** What a broker answers to everything that can be asked about groups of the consumer protocol. */
export async function consumerGroupAnswers(context: AnswersContext): Promise<void> {
  await oddHeartbeats(context);
  await oneMember(context);
  await staticMember(context);
}

function heartbeat(context: AnswersContext, over: Partial<Input> & { groupId: string }, version = 1): Promise<Output> {
  return context.client.send(consumerGroupHeartbeatApi, version, {
    memberId: 'one',
    memberEpoch: 0,
    rebalanceTimeoutMs: 5_000,
    subscribedTopicNames: [context.topic],
    topicPartitions: [],
    ...over,
  });
}

/** Joins, and goes on until the member has all partitions: real Kafka takes a second to assign. */
async function joinAndSettle(context: AnswersContext, over: Partial<Input> & { groupId: string }): Promise<Output> {
  for (let answer = await heartbeat(context, over); ; ) {
    if (answer.assignment?.topicPartitions.length) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await heartbeat(context, { ...over, memberEpoch: answer.memberEpoch });
  }
}

/** Epochs are shown from `base` on: brokers begin to count where they like. */
function told(answer: Output, base = 0): string {
  const { errorCode, memberId, memberEpoch, assignment } = answer;
  const partitions = assignment?.topicPartitions.map((topic) => [...topic.partitions].sort().join('+')).join(' ');
  const epoch = memberEpoch > 0 ? memberEpoch - base : memberEpoch;
  return [name(errorCode), memberId, epoch, assignment ? `[${partitions}]` : 'as before'].join(' ');
}

async function oddHeartbeats(context: AnswersContext): Promise<void> {
  const odd: Record<string, Partial<Input>> = {
    'empty group id': { groupId: '' },
    'empty member id': { memberId: '' },
    'empty instance id': { instanceId: '' },
    'empty rack': { rackId: '' },
    'no timeout': { rebalanceTimeoutMs: -1 },
    'no partitions': { topicPartitions: null },
    'partitions when joining': { topicPartitions: [{ topicId: context.topicId, partitions: [0] }] },
    'no topics': { subscribedTopicNames: null },
    'epoch -3': { memberEpoch: -3 },
    'epoch -2 without an instance id': { memberEpoch: -2 },
    'unknown assignor': { serverAssignor: 'odd' },
    'bad pattern': { subscribedTopicRegex: '(' },
    'epoch of an unknown group': { memberEpoch: 5 },
    'leaving an unknown group': { memberEpoch: -1 },
  };
  for (const [how, over] of Object.entries(odd)) {
    const groupId = context.fresh();
    context.note(`ConsumerGroupHeartbeat ${how}`, told(await heartbeat(context, { groupId, ...over })));
  }
  const old = await heartbeat(context, { groupId: context.fresh(), memberId: '' }, 0);
  context.note('ConsumerGroupHeartbeat v0 without an id', name(old.errorCode), old.memberId !== '');
}

async function oneMember(context: AnswersContext): Promise<void> {
  const groupId = context.fresh();
  const base = (await joinAndSettle(context, { groupId })).memberEpoch;
  const note = async (how: string, over: Partial<Input>): Promise<void> => {
    context.note(`consumer group ${how}`, told(await heartbeat(context, { groupId, ...over }), base));
  };
  await note('stays', { ...AS_BEFORE, memberEpoch: base });
  const owned = [{ topicId: context.topicId, partitions: [0, 1, 2] }];
  await note('names everything', { memberEpoch: base, topicPartitions: owned });
  await note('other epoch', { ...AS_BEFORE, memberEpoch: base + 9 });
  await note('stranger', { ...AS_BEFORE, memberId: 'odd', memberEpoch: base });
  await offsets(context, groupId, base);
  await otherWords(context, groupId, base);
  await note('leaves', { ...AS_BEFORE, memberEpoch: -1 });
  await note('leaves again', { ...AS_BEFORE, memberEpoch: -1 });
  const described = await context.client.send(consumerGroupDescribeApi, 1, {
    groupIds: [groupId],
    includeAuthorizedOperations: false,
  });
  context.note('consumer group empty', described.groups[0]!.groupState);
}

async function offsets(context: AnswersContext, groupId: string, epoch: number): Promise<void> {
  const own = { member: 'one', generation: epoch };
  context.note('consumer group commit', await commit(context, 9, groupId, own));
  context.note(
    'consumer group commit of another epoch',
    await commit(context, 9, groupId, { ...own, generation: epoch + 5 }),
  );
  context.note('consumer group commit v8', await commit(context, 8, groupId, own));
  context.note('consumer group commit of a stranger', await commit(context, 9, groupId, { ...own, member: 'odd' }));
  context.note('consumer group commit of nobody', await commit(context, 9, groupId));
  const groups = [
    { groupId, memberId: 'one', memberEpoch: epoch, topics: null },
    { groupId, memberId: 'one', memberEpoch: epoch + 7, topics: null },
    { groupId, memberId: 'odd', memberEpoch: epoch, topics: null },
    { groupId, topics: null },
  ];
  const fetched = await context.client.send(offsetFetchApi, 9, { groups });
  context.note('consumer group fetch', ...fetched.groups.map(({ errorCode }) => name(errorCode)));
}

async function otherWords(context: AnswersContext, groupId: string, base: number): Promise<void> {
  const groupIds = [groupId, context.fresh()];
  const described = await context.client.send(consumerGroupDescribeApi, 1, {
    groupIds,
    includeAuthorizedOperations: true,
  });
  for (const [index, group] of described.groups.entries()) {
    const members = group.members.map((member) => {
      const { memberId, memberEpoch, clientId, clientHost, memberType, subscribedTopicNames, subscribedTopicRegex } =
        member;
      return [
        memberId,
        memberEpoch - base,
        clientId,
        clientHost,
        memberType,
        subscribedTopicNames.length,
        `"${subscribedTopicRegex}"`,
      ].join('/');
    });
    const { errorCode, groupState, assignorName, authorizedOperations } = group;
    context.note(
      `ConsumerGroupDescribe group ${index}`,
      name(errorCode),
      groupState,
      assignorName,
      authorizedOperations,
      ...members,
    );
  }
  for (const version of [5, 6]) {
    const classic = await context.client.send(describeGroupsApi, version, { groups: [groupId] });
    context.note(
      `DescribeGroups v${version} of a consumer group`,
      name(classic.groups[0]!.errorCode),
      classic.groups[0]!.groupState,
    );
  }
  const own = { groupId, generationId: base, memberId: 'one' };
  context.note('Heartbeat to a consumer group', name((await context.client.send(heartbeatApi, 4, own)).errorCode));
  const names = { protocolType: 'consumer', protocolName: 'range' };
  const synced = await context.client.send(syncGroupApi, 5, { ...own, ...names, assignments: [] });
  context.note('SyncGroup to a consumer group', name(synced.errorCode));
  const deleted = await context.client.send(deleteGroupsApi, 2, { groupsNames: [groupId] });
  context.note('DeleteGroups of a consumer group', name(deleted.results[0]!.errorCode));
  const topics = [{ name: context.topic, partitions: [{ partitionIndex: 0 }] }];
  const forgotten = await context.client.send(offsetDeleteApi, 0, { groupId, topics });
  context.note(
    'OffsetDelete of a consumer group',
    name(forgotten.errorCode),
    name(forgotten.topics[0]!.partitions[0]!.errorCode),
  );
}

async function staticMember(context: AnswersContext): Promise<void> {
  const groupId = context.fresh();
  const instanceId = 'i';
  const first = await joinAndSettle(context, { groupId, instanceId });
  const base = first.memberEpoch;
  const note = async (how: string, over: Partial<Input>): Promise<void> => {
    context.note(`static consumer ${how}`, told(await heartbeat(context, { groupId, instanceId, ...over }), base));
  };
  context.note('static consumer', told(first, base));
  await note('held by another', { memberId: 'two' });
  await note('of another epoch', { ...AS_BEFORE, memberId: 'two', memberEpoch: base + 3 });
  await note('goes away', { ...AS_BEFORE, memberEpoch: -2 });
  await note('comes back', { memberId: 'two' });
  await note('former self', { ...AS_BEFORE, memberEpoch: base });
  await note('former self leaves', { ...AS_BEFORE, memberEpoch: -1 });
  await note('leaves', { ...AS_BEFORE, memberId: 'two', memberEpoch: -1 });
}
