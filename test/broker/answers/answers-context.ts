import { metadataApi } from '../../../src/wire/apis/03-metadata.js';
import { findCoordinatorApi } from '../../../src/wire/apis/10-find-coordinator.js';
import { createTopicsApi } from '../../../src/wire/apis/19-create-topics.js';
import { errorCodes as codes, kafkaError } from '../../../src/wire/error-codes.js';
import { ZERO_UUID } from '../../../src/wire/uuid.js';
import { RawClient } from '../../support/raw-client.js';

/** What all scenarios share: a connection, names that nobody used before, and the sheet the answers are written on. */
export class AnswersContext {
  readonly client: RawClient;
  readonly lines: string[] = [];
  /** A topic of three partitions. */
  readonly topic: string;
  readonly nowhere: string;
  topicId = ZERO_UUID;
  readonly #run: string;
  #names = 0;

  constructor(address: string, run: string) {
    this.client = new RawClient(address);
    this.#run = run;
    this.topic = `answers-${run}`;
    this.nowhere = `nowhere-${run}`;
  }

  /** Makes the topic; real Kafka also needs a moment to make its coordinators. */
  async prepare(): Promise<void> {
    const topics = [{ name: this.topic, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }];
    await this.client.send(createTopicsApi, 7, { topics, timeoutMs: 10_000 });
    for (const keyType of [0, 1]) {
      await untilReady(
        () => this.client.send(findCoordinatorApi, 4, { keyType, coordinatorKeys: ['any'] }),
        (answer) => answer.coordinators[0]!.errorCode,
      );
    }
    const asked = { topics: [{ topicId: ZERO_UUID, name: this.topic }], allowAutoTopicCreation: false };
    const found = await untilReady(
      () => this.client.send(metadataApi, 12, asked),
      (answer) => answer.topics[0]!.errorCode,
    );
    this.topicId = found.topics[0]!.topicId;
  }

  /** A group or transactional id of its own. */
  fresh(): string {
    return `${this.#run}-${++this.#names}`;
  }

  note(what: string, ...answers: (string | number | boolean | bigint | null)[]): void {
    this.lines.push(`${what}: ${answers.join(' ')}`.trimEnd());
  }
}

/** The name of an error code. */
export function name(code: number): string {
  return kafkaError(code).name;
}

const NOT_YET: ReadonlySet<number> = new Set([
  codes.COORDINATOR_NOT_AVAILABLE,
  codes.NOT_COORDINATOR,
  codes.COORDINATOR_LOAD_IN_PROGRESS,
  codes.CONCURRENT_TRANSACTIONS,
  codes.UNKNOWN_TOPIC_OR_PARTITION,
  codes.LEADER_NOT_AVAILABLE,
]);

/** Asks until the answer is not "not yet". */
export async function untilReady<T>(ask: () => Promise<T>, codeOf: (answer: T) => number): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (!NOT_YET.has(codeOf(answer)) || tries > 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
