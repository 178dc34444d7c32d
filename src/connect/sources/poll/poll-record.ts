import { utf8 } from '../../../base/bytes.js';
import type { JsonValue } from '../../../base/row-batch.js';
import { valueText } from '../../codecs/json-encoder.js';
import type { ChosenItem } from './change-tracker.js';

/** Header that names the poll: how its records are found again in the topic. */
export const POLL_HEADER = 'streamctl-poll';
/** Header with the address, without secrets. */
export const SOURCE_HEADER = 'streamctl-source';

/** An item as the record it becomes. */
export interface PollRecord {
  readonly item: JsonValue;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** Event time where the item has one, else when it was polled. */
  readonly timestampMs: number;
  /** Where it came from, without secrets. */
  readonly source: string;
}

/** What takes records: a topic, or standard output. */
export interface PollSink {
  /** Writes all of them or none. */
  write(records: readonly PollRecord[]): Promise<void>;
}

/** JSON text of an item, big integers with all their digits. */
export function itemText(item: JsonValue): string {
  return valueText(item, 'json');
}

/** Makes the record of an item. */
export function recordOf({ item, key, timeMs }: ChosenItem, source: string, polledMs: number): PollRecord {
  return {
    item,
    key: key === null ? null : utf8(key),
    value: utf8(itemText(item)),
    timestampMs: Number.isNaN(timeMs) ? polledMs : Math.round(timeMs),
    source,
  };
}
