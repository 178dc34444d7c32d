import { StreamctlError } from '../../base/errors.js';
import { compileRegex } from '../../base/regex.js';
import { errorCodes } from '../../wire/error-codes.js';
import { ASSIGNORS } from './consumer-assignors.js';
import { JOINING, LEAVING, STATIC_LEAVING, type TopicPartitions } from './consumer-state.js';

/** A ConsumerGroupHeartbeat; null and -1 stand for "as before". */
export interface ConsumerHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  /** 0 joins, -1 leaves, -2 goes away for a moment (static members). */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What the member owns at the moment. */
  readonly topicPartitions: readonly TopicPartitions[] | null;
}

export interface ConsumerHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** null: as before. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

/** Why a request is refused. */
export interface Refusal {
  readonly errorCode: number;
  readonly message: string;
}

/** An answer that says why not. */
export function heartbeatRefused({ errorCode, message }: Refusal): ConsumerHeartbeatAnswer {
  return {
    errorCode,
    errorMessage: message,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  };
}

/**
 * Whether a heartbeat contradicts itself.
 * @param version 0 lets the broker choose the member's id, later ones do not.
 */
export function checkHeartbeat(request: ConsumerHeartbeat, version: number): Refusal | undefined {
  const { memberEpoch, memberId } = request;
  if (request.groupId === '') return invalid('GroupId cannot be empty.');
  if (request.instanceId === '') return invalid('InstanceId cannot be empty.');
  if (request.rackId === '') return invalid('RackId cannot be empty.');
  if (memberId === '' && (version > 0 || memberEpoch !== JOINING)) return invalid('MemberId cannot be empty.');
  if (memberEpoch < STATIC_LEAVING) return invalid('MemberEpoch is invalid.');
  if (memberEpoch === STATIC_LEAVING && request.instanceId === null) return invalid('InstanceId cannot be null.');
  const refusal = memberEpoch === JOINING ? checkJoining(request) : undefined;
  if (refusal) return refusal;
  if (request.serverAssignor !== null && !ASSIGNORS.has(request.serverAssignor)) {
    const message = `ServerAssignor ${request.serverAssignor} is not supported. Supported: ${[...ASSIGNORS.keys()].join(', ')}.`;
    return { errorCode: errorCodes.UNSUPPORTED_ASSIGNOR, message };
  }
  return checkRegex(request.subscribedTopicRegex);
}

/** Whether a request names everything, as a member does that joins or that lost an answer. */
export function isFull(request: ConsumerHeartbeat): boolean {
  if (request.memberEpoch === JOINING) return true;
  const namesTopics = request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null;
  return request.rebalanceTimeoutMs !== -1 && namesTopics && request.topicPartitions !== null;
}

/** Whether a request is one of a member that goes. */
export function isGoodbye({ memberEpoch }: ConsumerHeartbeat): boolean {
  return memberEpoch === LEAVING || memberEpoch === STATIC_LEAVING;
}

function checkJoining(request: ConsumerHeartbeat): Refusal | undefined {
  if (request.rebalanceTimeoutMs === -1) return invalid('RebalanceTimeoutMs must be provided in first request.');
  if (request.topicPartitions === null || request.topicPartitions.length > 0) {
    return invalid('TopicPartitions must be empty when (re-)joining.');
  }
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
    return invalid('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.');
  }
  return undefined;
}

function checkRegex(regex: string | null): Refusal | undefined {
  if (!regex) return undefined;
  try {
    compileRegex(regex);
    return undefined;
  } catch (error) {
    if (!(error instanceof StreamctlError)) throw error;
    return { errorCode: errorCodes.INVALID_REGULAR_EXPRESSION, message: error.message };
  }
}

function invalid(message: string): Refusal {
  return { errorCode: errorCodes.INVALID_REQUEST, message };
}
