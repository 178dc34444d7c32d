import { compileRegex } from '../../base/regex.js';
import { ASSIGNORS } from './consumer-assignors.js';
import type { ConsumerGroupState, ConsumerMember } from './consumer-state.js';
import type { DirectoryTopic, TopicDirectory } from './topic-directory.js';

/** The assignor that most members want; the default when nobody has a wish. */
export function preferredAssignor(members: readonly ConsumerMember[]): string {
  const votes = new Map<string, number>();
  for (const { assignor } of members) if (assignor !== null) votes.set(assignor, (votes.get(assignor) ?? 0) + 1);
  let best = [...ASSIGNORS.keys()][0]!;
  for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name;
  return best;
}

/** Whether a member consumes a topic, by name or by pattern. */
export function subscribesTo({ topics, regex }: ConsumerMember, topic: string): boolean {
  return topics.includes(topic) || (regex !== null && compileRegex(regex).matches(topic));
}

/** The subscribed topics that exist, with their partition counts, as text that changes when they do. */
export function metadataOf(members: readonly ConsumerMember[], topics: TopicDirectory): string {
  return subscribedTopics(members, topics)
    .map(({ id, partitions }) => `${id}:${partitions.length}`)
    .sort()
    .join(' ');
}

/** The state with targets for its epoch, computed from subscriptions and topics as they are now. */
export function withTargets(state: ConsumerGroupState, directory: TopicDirectory): ConsumerGroupState {
  const topics = subscribedTopics(state.members, directory);
  const assign = ASSIGNORS.get(preferredAssignor(state.members))!;
  const idsFor = memoized((member: ConsumerMember) => {
    const test = tester([member]);
    return new Set(topics.filter(({ name }) => test(name)).map(({ id }) => id));
  });
  const members = state.members.map((member) => ({ ...member, topicIds: idsFor(member) }));
  const counted = topics.map(({ id, partitions }) => ({ id, partitions: partitions.length }));
  const targets = assign(members, counted);
  return {
    ...state,
    assignmentEpoch: state.epoch,
    members: state.members.map((member) => ({ ...member, target: targets.get(member.id) ?? [] })),
  };
}

function subscribedTopics(members: readonly ConsumerMember[], directory: TopicDirectory): DirectoryTopic[] {
  const test = tester(members);
  return directory.list().filter(({ name }) => test(name));
}

/** Whether any of `members` consumes a topic; patterns are compiled once. */
function tester(members: readonly ConsumerMember[]): (topic: string) => boolean {
  const names = new Set(members.flatMap(({ topics }) => topics));
  const patterns = [...new Set(members.flatMap(({ regex }) => regex ?? []))].map((regex) => compileRegex(regex));
  return (topic) => names.has(topic) || patterns.some((pattern) => pattern.matches(topic));
}

/** Most members of a group have the same subscription: it is looked at once. */
function memoized(
  compute: (member: ConsumerMember) => ReadonlySet<string>,
): (member: ConsumerMember) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  return (member) => {
    const key = JSON.stringify([member.topics, member.regex]);
    const found = known.get(key) ?? compute(member);
    known.set(key, found);
    return found;
  };
}
