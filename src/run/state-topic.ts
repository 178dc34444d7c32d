import { concatBytes, utf8 } from '../base/bytes.js';
import { crc32c } from '../base/crc32c.js';
import { StreamctlError } from '../base/errors.js';
import type { Producer } from '../connect/kafka/contracts.js';
import type { Acknowledged } from '../connect/kafka/interfaces.js';

/** Bound of one record of state: well below the megabyte that a broker takes by default. */
export const STATE_CHUNK_BYTES = 512 * 1024;

/** Where a state lies in its topic; stored as metadata of the offsets that it belongs to. */
export interface StateMark {
  /** Whose state it is: the run's, or of one share of a step. */
  readonly owner: string;
  /** 0 or 1: states alternate, so that compaction keeps the committed one until the next is committed too. */
  readonly slot: number;
  /** Offset of the first record of the state. */
  readonly offset: number;
  readonly chunks: number;
  readonly bytes: number;
  /** CRC-32C of the whole state. */
  readonly crc: number;
}

/** One record of the state topic, as it was read. */
export interface StateRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Reads the records of the state topic from `offset` on, up to its present end. */
export type ReadState = (offset: number) => AsyncIterable<StateRecord>;

/**
 * Keeps states of any size in a compacted topic of one partition, in chunks. It takes no care of order: a state counts
 * from the moment on at which its mark is committed together with the offsets.
 */
export class StateTopic {
  readonly #topic: string;
  readonly #producer: Producer;
  #firstOffset: number | undefined;

  constructor(topic: string, producer: Producer) {
    this.#topic = topic;
    this.#producer = producer;
  }

  /** To be called for every acknowledgement of the producer. */
  acknowledged(batch: Acknowledged): void {
    if (batch.topic !== this.#topic) return;
    this.#firstOffset = Math.min(this.#firstOffset ?? batch.baseOffset, batch.baseOffset);
  }

  /** Appends `state`, waits until it and everything appended before is acknowledged, and tells where it lies. */
  async write(state: Uint8Array, { owner, slot }: Pick<StateMark, 'owner' | 'slot'>): Promise<StateMark> {
    await this.#producer.flush();
    this.#firstOffset = undefined;
    const chunks = Math.max(1, Math.ceil(state.length / STATE_CHUNK_BYTES));
    for (let chunk = 0; chunk < chunks; chunk++) {
      const part = state.subarray(chunk * STATE_CHUNK_BYTES, (chunk + 1) * STATE_CHUNK_BYTES);
      const room = this.#producer.append(this.#topic, 0, utf8(chunkKey({ owner, slot }, chunk)), part);
      if (!room) await this.#producer.ready();
    }
    await this.#producer.flush();
    const offset = this.#firstOffset;
    if (offset === undefined) throw new StreamctlError('internal', 'a state was flushed but never acknowledged');
    return { owner, slot, offset, chunks, bytes: state.length, crc: crc32c(state) };
  }
}

/**
 * The state at `mark`.
 * @throws `log-corrupt` when it is not there any more, or not as it was written.
 */
export async function readState(mark: StateMark, read: ReadState): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const wanted = new Map<string, number>();
  for (let chunk = 0; chunk < mark.chunks; chunk++) wanted.set(chunkKey(mark, chunk), chunk);
  for await (const record of read(mark.offset)) {
    const chunk = wanted.get(record.key);
    // The first record of a key is the marked one; later ones are of a state that was never committed.
    if (chunk === undefined || chunks[chunk]) continue;
    chunks[chunk] = record.value.slice();
    wanted.delete(record.key);
    if (wanted.size === 0) break;
  }
  const state = concatBytes(chunks.filter((chunk) => chunk !== undefined));
  if (wanted.size === 0 && state.length === mark.bytes && crc32c(state) === mark.crc) return state;
  throw new StreamctlError('log-corrupt', 'the saved state of the pipeline is not there any more', {
    detail: `${mark.chunks - wanted.size} of ${mark.chunks} parts found from offset ${mark.offset} on`,
    hint: 'run the pipeline with --reset-state to begin anew',
  });
}

/** Owner of the state of a run whose work is not shared. */
export const WHOLE_STATE = 'state';

function chunkKey({ owner, slot }: Pick<StateMark, 'owner' | 'slot'>, chunk: number): string {
  return `${owner}/${slot}/${chunk}`;
}
