import { utf8 } from '../base/bytes.js';
import type { Clock } from '../base/time.js';
import { JsonRowEncoder, RowKeyEncoder } from '../connect/codecs/json-encoder.js';
import type { Producer } from '../connect/kafka/contracts.js';
import type { HeaderPairs } from '../connect/kafka/interfaces.js';
import type { CloseReason, ResultOutput } from '../engine/job.js';
import type { Plan } from '../plan/plan.js';
import { recordStamp } from './record-stamp.js';

/** Header that says why a result was given out: `watermark`, `idle`, `eof`, `timeout` or `update`. */
export const REASON_HEADER = 'streamctl-reason';

interface Way {
  readonly topic: string;
  readonly values: JsonRowEncoder;
  readonly keys: RowKeyEncoder;
}

/** Writes results to the topics of their sinks: JSON objects, keyed, stamped with their event time. */
export class ResultWriter {
  readonly #producer: Producer;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #ways: ReadonlyMap<string, Way>;
  readonly #headers = new Map<CloseReason, HeaderPairs>();

  constructor(plan: Plan, producer: Producer, clock: Pick<Clock, 'now'>) {
    this.#producer = producer;
    this.#clock = clock;
    this.#ways = new Map(
      plan.sinks.map(({ name, topic, columns, keys }) => [
        name,
        { topic, values: new JsonRowEncoder(columns), keys: new RowKeyEncoder(keys) },
      ]),
    );
  }

  /** Appends every row, without a value where it is no longer true; resolves when the producer has room again. */
  async write(output: ResultOutput): Promise<void> {
    const way = this.#ways.get(output.sink)!;
    const values = way.values.encode(output.batch);
    const keys = way.keys.encode(output.batch);
    const headers = this.#headersOf(output.reason);
    const nowMs = this.#clock.now();
    for (let row = 0; row < values.length; row++) {
      const timestampMs = recordStamp(output.eventTimes[row]!, nowMs);
      const room = this.#producer.append(
        way.topic,
        undefined,
        keys[row]!,
        output.deleted?.[row] ? null : values[row]!,
        headers,
        timestampMs,
      );
      if (!room) await this.#producer.ready();
    }
  }

  #headersOf(reason: CloseReason): HeaderPairs {
    let headers = this.#headers.get(reason);
    if (!headers) {
      headers = [[REASON_HEADER, utf8(reason)]];
      this.#headers.set(reason, headers);
    }
    return headers;
  }
}
