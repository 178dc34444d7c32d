import { errorCodes } from '../../wire/error-codes.js';
import type { ClassicGroup } from './classic-group.js';
import { protocolOf } from './classic-members.js';
import type { ConsumerGroup } from './consumer-group.js';
import { type ConsumerMember, type PartitionKey, topicPartitionsOf } from './consumer-state.js';
import { NO_BYTES } from './group-types.js';
import type { TopicDirectory } from './topic-directory.js';

/** A group as DescribeGroups shows it. */
export interface DescribedGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly protocolType: string;
  readonly protocolData: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly memberMetadata: Uint8Array;
    readonly memberAssignment: Uint8Array;
  }[];
}

/** A group as ConsumerGroupDescribe shows it. */
export interface DescribedConsumerGroup {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly DescribedConsumer[];
}

interface DescribedConsumer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly memberEpoch: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: readonly string[];
  readonly subscribedTopicRegex: string;
  readonly assignment: DescribedAssignment;
  readonly targetAssignment: DescribedAssignment;
  /** 1: of the consumer protocol. */
  readonly memberType: number;
}

interface DescribedAssignment {
  readonly topicPartitions: readonly {
    readonly topicId: string;
    readonly topicName: string;
    readonly partitions: readonly number[];
  }[];
}

/** Version of DescribeGroups from which an unknown group is an error and not a dead one. */
const DESCRIBE_NOT_FOUND = 6;

/** What is said of a group nobody knows. */
export function unknownGroup(groupId: string, version: number): DescribedGroup {
  const isError = version >= DESCRIBE_NOT_FOUND;
  return {
    errorCode: isError ? errorCodes.GROUP_ID_NOT_FOUND : errorCodes.NONE,
    errorMessage: isError ? `Group ${groupId} not found.` : null,
    groupId,
    groupState: 'Dead',
    protocolType: '',
    protocolData: '',
    members: [],
  };
}

/** A classic group as it is now. */
export function described(groupId: string, group: ClassicGroup): DescribedGroup {
  const isStable = group.state === 'Stable';
  return {
    errorCode: errorCodes.NONE,
    errorMessage: null,
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocol ?? '') : '',
    members: group.members.map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.host,
      memberMetadata: (isStable ? protocolOf(member, group.protocol)?.metadata : undefined) ?? NO_BYTES,
      memberAssignment: isStable ? member.assignment : NO_BYTES,
    })),
  };
}

/** A group of the consumer protocol as it is now; undefined: there is none of that id. */
export function describeConsumerGroup(
  groupId: string,
  group: ConsumerGroup | undefined,
  topics: TopicDirectory,
): DescribedConsumerGroup {
  return {
    errorCode: group ? errorCodes.NONE : errorCodes.GROUP_ID_NOT_FOUND,
    errorMessage: group ? null : `Group ${groupId} is not a consumer group.`,
    groupId,
    groupState: group?.state ?? '',
    groupEpoch: group?.epoch ?? 0,
    assignmentEpoch: group?.assignmentEpoch ?? 0,
    assignorName: group?.assignor ?? '',
    members: (group?.members ?? []).map((member) => describedConsumer(member, topics)),
  };
}

function describedConsumer(member: ConsumerMember, topics: TopicDirectory): DescribedConsumer {
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: member.epoch,
    clientId: member.clientId,
    clientHost: member.host,
    subscribedTopicNames: member.topics,
    // Kafka shows no pattern as an empty one.
    subscribedTopicRegex: member.regex ?? '',
    assignment: named(member.assigned, topics),
    targetAssignment: named(member.target, topics),
    memberType: 1,
  };
}

/** With names; partitions of deleted topics are left out. */
function named(keys: readonly PartitionKey[], topics: TopicDirectory): DescribedAssignment {
  const topicPartitions = topicPartitionsOf(keys).flatMap(({ topicId, partitions }) => {
    const topic = topics.byId(topicId);
    return topic ? [{ topicId, topicName: topic.name, partitions }] : [];
  });
  return { topicPartitions };
}
