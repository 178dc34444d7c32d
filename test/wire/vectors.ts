import { seededRandom } from '../../src/base/random.js';
import { isFlexible } from '../../src/wire/api.js';
import { apis } from '../../src/wire/apis/index.js';
import { consumerProtocolAssignmentSchema } from '../../src/wire/data/consumer-protocol-assignment.js';
import { consumerProtocolSubscriptionSchema } from '../../src/wire/data/consumer-protocol-subscription.js';
import type { StructSchema } from '../../src/wire/schema.js';
import { randomMessage } from './random-message.js';

/** Random messages of each kind and version. */
export const VECTORS_PER_VERSION = 120;
/** Of these, so many are kept with all their bytes; of the others only a digest over all. */
export const SAMPLES_PER_VERSION = 3;

/** One message in one version. */
export interface VectorGroup {
  /** Kafka's name of the message, with its version: the key in the vectors file. */
  readonly id: string;
  readonly schema: StructSchema;
  readonly version: number;
  readonly flexible: boolean;
}

/** What the vectors file says of one group: the bytes that Kafka's Java classes make of the group's messages. */
export interface VectorEntry {
  /** SHA-256 over all messages' bytes, each after its length as int32. */
  readonly sha256: string;
  /** The first messages' bytes in base64. */
  readonly samples: readonly string[];
}

/** Every message in every version that is described. */
export function vectorGroups(): VectorGroup[] {
  const groups: VectorGroup[] = [];
  const add = (schema: StructSchema, version: number, flexible: boolean) =>
    groups.push({ id: `${schema.name} ${version}`, schema, version, flexible });
  for (const api of apis) {
    for (let version = api.versions.min; version <= api.versions.max; version++) {
      add(api.request, version, isFlexible(api, version));
      add(api.response, version, isFlexible(api, version));
    }
  }
  for (let version = 0; version <= 3; version++) {
    add(consumerProtocolSubscriptionSchema, version, false);
    add(consumerProtocolAssignmentSchema, version, false);
  }
  return groups;
}

/** The messages of a group: always the same ones. */
export function vectorMessages(group: VectorGroup): Record<string, unknown>[] {
  let seed = 7;
  for (const letter of group.id) seed = Math.imul(seed, 31) + letter.charCodeAt(0);
  const random = seededRandom(seed);
  return Array.from({ length: VECTORS_PER_VERSION }, () => randomMessage(group.schema, group.version, random));
}
