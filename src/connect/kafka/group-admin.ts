import { describeGroupsApi } from '../../wire/apis/15-describe-groups.js';
import { listGroupsApi } from '../../wire/apis/16-list-groups.js';
import { deleteGroupsApi } from '../../wire/apis/42-delete-groups.js';
import type { KafkaClient } from './client.js';
import { decodeAssignment } from './group-protocol.js';
import { GroupRequests } from './group-requests.js';
import type { CommitOffset, TopicPartition } from './interfaces.js';
import { KafkaFailure } from './kafka-failure.js';

/** Only groups of consumers have assignments that we can read. */
const CONSUMER_PROTOCOL = 'consumer';
/** Somebody who commits without being a member. */
const NO_MEMBER = { memberId: '', generation: -1 };

/** A group as a broker lists it. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  /** `Stable`, `Empty`, ...; empty where the broker is too old to say. */
  readonly state: string;
}

/** A group with its members. */
export interface DescribedGroup {
  readonly groupId: string;
  /** `Stable`, `Empty`, `Dead` (it does not exist), ... */
  readonly state: string;
  readonly protocolType: string;
  readonly assignor: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly clientId: string;
    readonly host: string;
    readonly assignment: readonly TopicPartition[];
  }[];
}

/** All groups of all brokers, sorted by name. @throws KafkaFailure, `broker-unreachable` */
export async function listGroups(client: KafkaClient): Promise<readonly ListedGroup[]> {
  const { brokers } = await client.cluster([]);
  const answers = await Promise.all(
    brokers.map(({ id }) =>
      client.call(
        listGroupsApi,
        { statesFilter: [], typesFilter: [] },
        { broker: id },
        {
          what: 'cannot list the groups',
          errorOf: ({ errorCode }) => errorCode,
        },
      ),
    ),
  );
  return answers
    .flatMap(({ groups }) => groups)
    .map(({ groupId, protocolType, groupState }) => ({ groupId, protocolType, state: groupState ?? '' }))
    .sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

/** One group; an unknown one has state `Dead`. @throws KafkaFailure, `broker-unreachable` */
export async function describeGroup(client: KafkaClient, groupId: string): Promise<DescribedGroup> {
  const response = await client.call(
    describeGroupsApi,
    { groups: [groupId] },
    { group: groupId },
    {
      what: `cannot describe group "${groupId}"`,
      // Newer brokers say so of a group that they do not know; older ones answer with state Dead.
      errorOf: ({ groups }) => (groups[0]?.errorCode === UNKNOWN_GROUP ? 0 : (groups[0]?.errorCode ?? 0)),
    },
  );
  const group = response.groups[0];
  const protocolType = group?.protocolType ?? '';
  return {
    groupId,
    state: group === undefined || group.errorCode === UNKNOWN_GROUP ? 'Dead' : group.groupState,
    protocolType,
    assignor: group?.protocolData ?? '',
    members: (group?.members ?? []).map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment:
        protocolType === CONSUMER_PROTOCOL && member.memberAssignment.length > 0
          ? decodeAssignment(member.memberAssignment).partitions
          : [],
    })),
  };
}

const UNKNOWN_GROUP = 69;

/** Deletes a group without members. @throws KafkaFailure */
export async function deleteGroup(client: KafkaClient, groupId: string): Promise<void> {
  const response = await client.call(
    deleteGroupsApi,
    { groupsNames: [groupId] },
    { group: groupId },
    {
      what: `cannot delete group "${groupId}"`,
    },
  );
  const code = response.results[0]?.errorCode ?? 0;
  if (code !== 0) throw new KafkaFailure(`cannot delete group "${groupId}"`, code);
}

/** Commits offsets for a group that has no members. @throws KafkaFailure */
export async function setGroupOffsets(
  client: KafkaClient,
  groupId: string,
  offsets: readonly CommitOffset[],
): Promise<void> {
  await new GroupRequests(client, { groupId, topics: [] }, 0, 0).commit(NO_MEMBER, offsets);
}
