import type { Clock } from '../../base/time.js';
import type { ClassicGroup } from './classic-group.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { ConsumerHeartbeat } from './consumer-request.js';
import type { GroupProtocol, JoinRequest, SyncRequest } from './group-types.js';

/** What a member, or an id that was handed out, takes beside its texts. */
const MEMBER_BYTES = 512;
/** What a text or a protocol takes beside its content. */
const PART_BYTES = 64;
/** Where there is no room, all members are counted anew at most this often. */
const RECOUNT_PAUSE_MS = 100;

/**
 * Bounds what the members of all groups bring along and the broker keeps. Nothing has to be given back: all that came since
 * the last count is added to it, and where that is too much the members are counted anew.
 */
export class GroupRoom {
  readonly #maxBytes: number;
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #groups: () => Iterable<ClassicGroup | ConsumerGroup>;
  #bytes = 0;
  #fullUntilMs = 0;

  constructor(maxBytes: number, clock: Pick<Clock, 'elapsed'>, groups: () => Iterable<ClassicGroup | ConsumerGroup>) {
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#groups = groups;
  }

  /** Whether `bytes` more may be kept; from then on they count. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) {
      const nowMs = this.#clock.elapsed();
      if (nowMs < this.#fullUntilMs) return false;
      this.#bytes = 0;
      for (const group of this.#groups()) this.#bytes += groupBytes(group);
      if (this.#bytes + bytes > this.#maxBytes) {
        this.#fullUntilMs = nowMs + RECOUNT_PAUSE_MS;
        return false;
      }
    }
    this.#bytes += bytes;
    return true;
  }
}

/** What a JoinGroup brings. */
export function joinBytes({ memberId, groupInstanceId, protocols }: JoinRequest, clientId: string): number {
  return MEMBER_BYTES + textBytes([memberId, groupInstanceId, clientId, clientId]) + protocolBytes(protocols);
}

/** What a SyncGroup brings. */
export function syncBytes({ assignments }: SyncRequest): number {
  return assignments.reduce((sum, { assignment }) => sum + assignment.length, 0);
}

/** What a ConsumerGroupHeartbeat brings; 0 for one that only shows that the member lives. */
export function heartbeatBytes(request: ConsumerHeartbeat, clientId: string): number {
  const { memberId, instanceId, rackId, subscribedTopicNames, subscribedTopicRegex } = request;
  if (subscribedTopicNames === null && subscribedTopicRegex === null) return 0;
  const own = textBytes([memberId, instanceId, rackId, clientId, subscribedTopicRegex]);
  return MEMBER_BYTES + own + textBytes(subscribedTopicNames ?? []);
}

function groupBytes(group: ClassicGroup | ConsumerGroup): number {
  let bytes = MEMBER_BYTES;
  if (group.type === 'consumer') {
    for (const { id, instanceId, rackId, clientId, topics, regex } of group.members)
      bytes += MEMBER_BYTES + textBytes([id, instanceId, rackId, clientId, regex]) + textBytes(topics);
    return bytes;
  }
  for (const id of group.handedOut) bytes += MEMBER_BYTES + textBytes([id]);
  for (const { id, instanceId, clientId, protocols, assignment } of group.members)
    bytes += MEMBER_BYTES + textBytes([id, instanceId, clientId]) + protocolBytes(protocols) + assignment.length;
  return bytes;
}

function protocolBytes(protocols: readonly GroupProtocol[]): number {
  return protocols.reduce((sum, { name, metadata }) => sum + textBytes([name]) + PART_BYTES + metadata.length, 0);
}

function textBytes(texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => sum + (text === null ? 0 : PART_BYTES + text.length), 0);
}
