import type { RequestInputOf, ResponseOf } from '../../../src/wire/api.js';
import { offsetCommitApi } from '../../../src/wire/apis/08-offset-commit.js';
import { offsetFetchApi } from '../../../src/wire/apis/09-offset-fetch.js';
import { findCoordinatorApi } from '../../../src/wire/apis/10-find-coordinator.js';
import { joinGroupApi } from '../../../src/wire/apis/11-join-group.js';
import { heartbeatApi } from '../../../src/wire/apis/12-heartbeat.js';
import { leaveGroupApi } from '../../../src/wire/apis/13-leave-group.js';
import { syncGroupApi } from '../../../src/wire/apis/14-sync-group.js';
import { describeGroupsApi } from '../../../src/wire/apis/15-describe-groups.js';
import { listGroupsApi } from '../../../src/wire/apis/16-list-groups.js';
import { deleteGroupsApi } from '../../../src/wire/apis/42-delete-groups.js';
import { offsetDeleteApi } from '../../../src/wire/apis/47-offset-delete.js';
import { subscription } from '../groups/group-harness.js';
import { type AnswersContext, name } from './answers-context.js';

type JoinInput = RequestInputOf<typeof joinGroupApi>;
type JoinOutput = ResponseOf<typeof joinGroupApi>;

/** An id that no topic has. */
const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** What a broker answers to everything that can be asked about groups of the classic protocol and their offsets. */
export async function groupAnswers(context: AnswersContext): Promise<void> {
  for (const version of [2, 5, 8, 9, 10]) await commits(context, version);
  for (const version of [1, 2, 5, 7]) await fetchesOld(context, version);
  for (const version of [8, 9, 10]) await fetches(context, version);
  for (const version of [0, 3, 4, 5, 6, 7, 9]) await membership(context, version);
  await staticMembers(context);
  await lists(context);
}

/** Commits one partition; the error's name. */
export async function commit(
  context: AnswersContext,
  version: number,
  groupId: string,
  over: {
    topic?: string;
    topicId?: string;
    partition?: number;
    note?: string;
    member?: string;
    generation?: number;
  } = {},
): Promise<string> {
  const {
    topic = context.topic,
    topicId = context.topicId,
    partition = 0,
    note = null,
    member = '',
    generation = -1,
  } = over;
  const partitions = [{ partitionIndex: partition, committedOffset: 5n, committedMetadata: note }];
  const answer = await context.client.send(offsetCommitApi, version, {
    groupId,
    generationIdOrMemberEpoch: generation,
    memberId: member,
    topics: [{ name: topic, topicId, partitions }],
  });
  return name(answer.topics[0]!.partitions[0]!.errorCode);
}

async function commits(context: AnswersContext, version: number): Promise<void> {
  const groupId = context.fresh();
  const what = `OffsetCommit v${version}`;
  const nowhere = { topic: context.nowhere, topicId: NO_TOPIC_ID };
  context.note(what, await commit(context, version, groupId));
  context.note(`${what} unknown topic`, await commit(context, version, groupId, nowhere));
  context.note(`${what} unknown partition`, await commit(context, version, groupId, { partition: 9 }));
  context.note(`${what} long note`, await commit(context, version, groupId, { note: 'x'.repeat(5_000) }));
  context.note(`${what} stranger`, await commit(context, version, groupId, { member: 'x' }));
  const zombie = { member: 'x', generation: 3 };
  context.note(`${what} stranger of a generation`, await commit(context, version, groupId, zombie));
  context.note(`${what} unknown group`, await commit(context, version, context.fresh(), zombie));
  context.note(`${what} empty group id`, await commit(context, version, ''));
}

function shown(
  partitions: ResponseOf<typeof offsetFetchApi>['groups'][number]['topics'][number]['partitions'],
): string {
  const text = partitions.map((each) => {
    const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode } = each;
    return `${partitionIndex}=${committedOffset}/${committedLeaderEpoch}/${JSON.stringify(metadata)}/${name(errorCode)}`;
  });
  return text.join(' ');
}

async function fetchesOld(context: AnswersContext, version: number): Promise<void> {
  const groupId = context.fresh();
  await commit(context, 8, groupId);
  const topics = [
    { name: context.topic, partitionIndexes: [0, 1, 9] },
    { name: context.nowhere, partitionIndexes: [0] },
  ];
  const known = await context.client.send(offsetFetchApi, version, { groupId, topics });
  context.note(
    `OffsetFetch v${version}`,
    name(known.errorCode),
    known.topics.map((topic) => shown(topic.partitions)).join(' | '),
  );
  const unknown = await context.client.send(offsetFetchApi, version, {
    groupId: context.fresh(),
    topics: topics.slice(1),
  });
  context.note(`OffsetFetch v${version} unknown group`, name(unknown.errorCode), shown(unknown.topics[0]!.partitions));
}

async function fetches(context: AnswersContext, version: number): Promise<void> {
  const groupId = context.fresh();
  await commit(context, 8, groupId);
  const topics = [
    { name: context.topic, topicId: context.topicId, partitionIndexes: [0, 1, 9] },
    { name: context.nowhere, topicId: NO_TOPIC_ID, partitionIndexes: [0] },
  ];
  const groups = [
    { groupId, topics },
    { groupId, topics: null },
    { groupId: context.fresh(), topics: null },
    { groupId, memberId: 'x', memberEpoch: 3, topics: null },
  ];
  const answer = await context.client.send(offsetFetchApi, version, { groups, requireStable: true });
  for (const [index, group] of answer.groups.entries()) {
    const all = group.topics.map((topic) => shown(topic.partitions)).join(' | ');
    context.note(`OffsetFetch v${version} group ${index}`, name(group.errorCode), all);
  }
}

function join(
  context: AnswersContext,
  version: number,
  over: Partial<JoinInput> & { groupId: string },
): Promise<JoinOutput> {
  return context.client.send(joinGroupApi, version, {
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(context.topic) }],
    ...over,
  });
}

function joined(answer: JoinOutput, given = ''): string {
  const { errorCode, generationId, protocolType, protocolName, leader, memberId, skipAssignment, members } = answer;
  const leads = leader === '' ? 'nobody' : leader === memberId ? 'itself' : 'another';
  const id = memberId === '' ? 'no id' : memberId === given ? 'its id' : 'a new id';
  const parts = [name(errorCode), generationId, protocolType, protocolName, leads, id, skipAssignment, members.length];
  return parts.join(' ');
}

async function membership(context: AnswersContext, version: number): Promise<void> {
  const groupId = context.fresh();
  const what = `JoinGroup v${version}`;
  const odd: Record<string, Partial<JoinInput>> = {
    'empty group id': { groupId: '' },
    'short session': { sessionTimeoutMs: 10 },
    'long session': { sessionTimeoutMs: 100_000_000 },
    'no protocols': { protocols: [] },
    'no type': { protocolType: '' },
    stranger: { memberId: 'x' },
  };
  for (const [how, over] of Object.entries(odd)) {
    context.note(`${what} ${how}`, joined(await join(context, version, { groupId, ...over }), over.memberId));
  }
  let member = await join(context, version, { groupId });
  context.note(what, joined(member));
  if (member.errorCode !== 0) {
    const { memberId } = member;
    member = await join(context, version, { groupId, memberId });
    context.note(`${what} with its id`, joined(member, memberId));
  }
  const group = new Membership(context, groupId, member);
  await group.syncs(Math.min(version, 5));
  await group.heartbeats(Math.min(version, 4));
  const oddProtocol = [{ name: 'odd', metadata: new Uint8Array(1) }];
  context.note(`${what} other type`, joined(await join(context, version, { groupId, protocolType: 'odd' })));
  context.note(`${what} other protocol`, joined(await join(context, version, { groupId, protocols: oddProtocol })));
  await group.commits();
  for (const describeVersion of [0, 4, 6]) await group.describes(describeVersion);
  await group.deletes();
  await group.leaves(Math.min(version, 5));
}

/** A group with one member, asked everything. */
class Membership {
  readonly #context: AnswersContext;
  readonly #groupId: string;
  readonly #memberId: string;
  readonly #generation: number;

  constructor(context: AnswersContext, groupId: string, member: JoinOutput) {
    this.#context = context;
    this.#groupId = groupId;
    this.#memberId = member.memberId;
    this.#generation = member.generationId;
  }

  async #sync(version: number, over: Partial<RequestInputOf<typeof syncGroupApi>> = {}): Promise<string> {
    const memberId = this.#memberId;
    const answer = await this.#context.client.send(syncGroupApi, version, {
      groupId: this.#groupId,
      generationId: this.#generation,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment: new Uint8Array([1, 2]) }],
      ...over,
    });
    return [name(answer.errorCode), answer.protocolType, answer.protocolName, answer.assignment.length].join(' ');
  }

  async #beat(version: number, over: Partial<RequestInputOf<typeof heartbeatApi>> = {}): Promise<string> {
    const request = { groupId: this.#groupId, generationId: this.#generation, memberId: this.#memberId, ...over };
    return name((await this.#context.client.send(heartbeatApi, version, request)).errorCode);
  }

  async syncs(version: number): Promise<void> {
    const { note } = this.#noted(`SyncGroup v${version}`);
    const own = { member: this.#memberId, generation: this.#generation };
    note('commit before', await commit(this.#context, 8, this.#groupId, own));
    note('heartbeat before', await this.#beat(0));
    note('other generation', await this.#sync(version, { generationId: 9 }));
    note('stranger', await this.#sync(version, { memberId: 'x' }));
    note('unknown group', await this.#sync(version, { groupId: this.#context.fresh() }));
    note('empty group id', await this.#sync(version, { groupId: '' }));
    if (version >= 5) {
      note('no type', await this.#sync(version, { protocolType: null }));
      note('other type', await this.#sync(version, { protocolType: 'odd' }));
      note('other protocol', await this.#sync(version, { protocolName: 'odd' }));
    }
    note('', await this.#sync(version));
    note('repeated', await this.#sync(version, { assignments: [] }));
  }

  async heartbeats(version: number): Promise<void> {
    const { note } = this.#noted(`Heartbeat v${version}`);
    note('', await this.#beat(version));
    note('other generation', await this.#beat(version, { generationId: 9 }));
    note('stranger', await this.#beat(version, { memberId: 'x' }));
    note('unknown group', await this.#beat(version, { groupId: this.#context.fresh() }));
    note('empty group id', await this.#beat(version, { groupId: '' }));
    if (version >= 3) note('other instance', await this.#beat(version, { groupInstanceId: 'odd' }));
  }

  async commits(): Promise<void> {
    const { note } = this.#noted('OffsetCommit v8');
    const own = { member: this.#memberId, generation: this.#generation };
    note('of a member', await commit(this.#context, 8, this.#groupId, own));
    note('of another generation', await commit(this.#context, 8, this.#groupId, { ...own, generation: 9 }));
    note('of nobody', await commit(this.#context, 8, this.#groupId));
    note('of a stranger', await commit(this.#context, 8, this.#groupId, { ...own, member: 'x' }));
  }

  async describes(version: number): Promise<void> {
    const groups = [this.#groupId, this.#context.fresh()];
    const request = { groups, includeAuthorizedOperations: version >= 3 };
    const answer = await this.#context.client.send(describeGroupsApi, version, request);
    for (const [index, group] of answer.groups.entries()) {
      const members = group.members.map((member) => {
        const { groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment } = member;
        return [groupInstanceId, clientId, clientHost, memberMetadata.length, memberAssignment.length].join('/');
      });
      const { errorCode, groupState, protocolType, protocolData, authorizedOperations } = group;
      const parts = [name(errorCode), groupState, protocolType, protocolData, authorizedOperations, ...members];
      this.#context.note(`DescribeGroups v${version} group ${index}`, ...parts);
    }
  }

  async deletes(): Promise<void> {
    const groupsNames = [this.#groupId, this.#context.fresh()];
    const deleted = await this.#context.client.send(deleteGroupsApi, 2, { groupsNames });
    this.#context.note(
      'DeleteGroups',
      deleted.results
        .map(({ errorCode }) => name(errorCode))
        .sort()
        .join(),
    );
    const topics = [this.#context.topic, this.#context.nowhere].map((topic) => ({
      name: topic,
      partitions: [{ partitionIndex: 0 }],
    }));
    const offsets = await this.#context.client.send(offsetDeleteApi, 0, { groupId: this.#groupId, topics });
    const codes = offsets.topics.map((topic) => name(topic.partitions[0]!.errorCode)).sort();
    this.#context.note('OffsetDelete', name(offsets.errorCode), codes.join());
  }

  async leaves(version: number): Promise<void> {
    const { note } = this.#noted(`LeaveGroup v${version}`);
    const leave = async (groupId = this.#groupId, memberId = this.#memberId) => {
      const request = { groupId, memberId, members: [{ memberId }] };
      const answer = await this.#context.client.send(leaveGroupApi, version, request);
      return [name(answer.errorCode), ...answer.members.map(({ errorCode }) => name(errorCode))].join(' ');
    };
    note('stranger', await leave(this.#groupId, 'x'));
    note('unknown group', await leave(this.#context.fresh()));
    note('empty group id', await leave(''));
    note('', await leave());
    note('repeated', await leave());
    note('then heartbeat', await this.#beat(4));
    note('then sync', await this.#sync(5));
    const own = { member: this.#memberId, generation: this.#generation };
    note('then commit', await commit(this.#context, 8, this.#groupId, own));
    note('then commit of nobody', await commit(this.#context, 8, this.#groupId));
    await this.describes(4);
    const deleted = await this.#context.client.send(deleteGroupsApi, 2, { groupsNames: [this.#groupId] });
    note('then delete', name(deleted.results[0]!.errorCode));
  }

  #noted(what: string) {
    return { note: (how: string, answer: string) => this.#context.note(`${what} ${how}`.trim(), answer) };
  }
}

async function staticMembers(context: AnswersContext): Promise<void> {
  const groupId = context.fresh();
  const groupInstanceId = 'one';
  const first = await join(context, 9, { groupId, groupInstanceId });
  context.note('static member', joined(first));
  const assignments = [{ memberId: first.memberId, assignment: new Uint8Array(3) }];
  const own = { groupId, generationId: 1, memberId: first.memberId, groupInstanceId };
  const names = { protocolType: 'consumer', protocolName: 'range' };
  const synced = await context.client.send(syncGroupApi, 5, { ...own, ...names, assignments });
  context.note('static member syncs', name(synced.errorCode));
  context.note('static member again, v9', joined(await join(context, 9, { groupId, groupInstanceId })));
  const third = await join(context, 8, { groupId, groupInstanceId });
  context.note('static member again, v8', joined(third));
  context.note('its former self, heartbeat', name((await context.client.send(heartbeatApi, 4, own)).errorCode));
  const { groupInstanceId: _, ...dynamic } = own;
  context.note('without its instance id', name((await context.client.send(heartbeatApi, 4, dynamic)).errorCode));
  const { memberId } = first;
  context.note('joins again', joined(await join(context, 9, { groupId, groupInstanceId, memberId }), memberId));
  const odd = { groupId, groupInstanceId: 'odd', memberId: third.memberId };
  context.note('under another instance id', joined(await join(context, 9, odd), third.memberId));
  const members = [
    { memberId, groupInstanceId },
    { memberId: '', groupInstanceId: 'odd' },
    { memberId: '', groupInstanceId },
  ];
  const left = await context.client.send(leaveGroupApi, 5, { groupId, members });
  context.note('static members leave', name(left.errorCode), ...left.members.map(({ errorCode }) => name(errorCode)));
}

async function lists(context: AnswersContext): Promise<void> {
  const groupId = context.fresh();
  await commit(context, 8, groupId);
  const some = await context.client.send(listGroupsApi, 5, { statesFilter: ['empty'], typesFilter: ['CLASSIC'] });
  const own = some.groups.find((group) => group.groupId === groupId);
  context.note('ListGroups', name(some.errorCode), `"${own?.protocolType}"`, `${own?.groupState}`, `${own?.groupType}`);
  const none = await context.client.send(listGroupsApi, 5, { statesFilter: ['Odd'], typesFilter: ['odd'] });
  context.note('ListGroups odd filters', name(none.errorCode), none.groups.length);
  for (const keyType of [0, 1, 9]) {
    const found = await context.client.send(findCoordinatorApi, 4, { keyType, coordinatorKeys: ['any'] });
    context.note(`FindCoordinator of kind ${keyType}`, name(found.coordinators[0]!.errorCode));
  }
}
