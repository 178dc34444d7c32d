import type { ConsumerHeartbeat } from './consumer-request.js';
import { type ConsumerGroupState, type ConsumerMember, JOINING, sameKeys } from './consumer-state.js';

/** A member that has nothing yet. */
export function newcomer(request: ConsumerHeartbeat): ConsumerMember {
  return {
    id: request.memberId,
    instanceId: request.instanceId,
    rackId: null,
    clientId: '',
    host: '',
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    topics: [],
    regex: null,
    assignor: null,
    epoch: JOINING,
    previousEpoch: JOINING,
    status: 'Stable',
    assigned: [],
    revoking: [],
    target: [],
  };
}

/** The member with what its heartbeat says anew. */
export function subscribed(
  member: ConsumerMember,
  request: ConsumerHeartbeat,
  client: { readonly clientId: string; readonly host: string },
): ConsumerMember {
  const { rackId, rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, serverAssignor } = request;
  return {
    ...member,
    clientId: client.clientId,
    host: client.host,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topics: subscribedTopicNames === null ? member.topics : [...new Set(subscribedTopicNames)].sort(),
    // An empty pattern ends the subscription by pattern.
    regex: subscribedTopicRegex === null ? member.regex : subscribedTopicRegex || null,
    assignor: serverAssignor ?? member.assignor,
  };
}

/** Whether a heartbeat left alone what assignments are made from. */
export function sameSubscription(a: ConsumerMember, b: ConsumerMember): boolean {
  return sameKeys(a.topics, b.topics) && a.regex === b.regex && a.assignor === b.assignor && a.rackId === b.rackId;
}

/** The state with one member put in, in place of its former self or of the one it stands in for. */
export function withMember(
  state: ConsumerGroupState,
  member: ConsumerMember,
  replaced: string = member.id,
): ConsumerGroupState {
  const isThere = state.members.some(({ id }) => id === replaced);
  const members = isThere
    ? state.members.map((each) => (each.id === replaced ? member : each))
    : [...state.members, member];
  return { ...state, members };
}
