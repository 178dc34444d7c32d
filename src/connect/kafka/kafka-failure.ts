import { StreamctlError } from '../../base/errors.js';
import { errorCodes, kafkaError } from '../../wire/error-codes.js';

/** A broker's error code as an error: keeps the code, so that callers can tell what to do. */
export class KafkaFailure extends StreamctlError {
  readonly kafkaCode: number;
  readonly kafkaName: string;
  readonly retriable: boolean;

  /** @param what the thing that failed, as the begin of a sentence: `cannot write to topic "a", partition 0`. */
  constructor(what: string, kafkaCode: number, message?: string | null) {
    const known = kafkaError(kafkaCode);
    super(faultOf(kafkaCode), `${what}: ${known.name}`, {
      detail: message && message !== known.name ? `${known.summary} (${message})` : known.summary,
      ...hintOf(kafkaCode),
    });
    this.kafkaCode = kafkaCode;
    this.kafkaName = known.name;
    this.retriable = known.retriable;
  }
}

/** Whether the same request may go through later. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof KafkaFailure) return error.retriable;
  return error instanceof StreamctlError && error.code === 'broker-unreachable' && error.retry !== 'never';
}

/** Whether the metadata may be out of date. */
export function isStale(error: unknown): boolean {
  if (!(error instanceof KafkaFailure)) return isRetriable(error);
  return STALE.has(error.kafkaCode);
}

const STALE = new Set<number>([
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.NOT_LEADER_OR_FOLLOWER,
  errorCodes.REPLICA_NOT_AVAILABLE,
  errorCodes.NOT_CONTROLLER,
  errorCodes.FENCED_LEADER_EPOCH,
  errorCodes.UNKNOWN_LEADER_EPOCH,
  errorCodes.UNKNOWN_TOPIC_ID,
  errorCodes.INCONSISTENT_TOPIC_ID,
  errorCodes.KAFKA_STORAGE_ERROR,
  errorCodes.NOT_COORDINATOR,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
]);

const USER = new Set<number>([
  errorCodes.INVALID_TOPIC_EXCEPTION,
  errorCodes.INVALID_PARTITIONS,
  errorCodes.INVALID_REPLICATION_FACTOR,
  errorCodes.INVALID_CONFIG,
  errorCodes.INVALID_REQUEST,
  errorCodes.MESSAGE_TOO_LARGE,
  errorCodes.INVALID_GROUP_ID,
  errorCodes.INVALID_RECORD,
  errorCodes.INVALID_SESSION_TIMEOUT,
  errorCodes.INVALID_TRANSACTION_TIMEOUT,
]);

function faultOf(code: number) {
  if (code === errorCodes.UNKNOWN_TOPIC_OR_PARTITION || code === errorCodes.GROUP_ID_NOT_FOUND) return 'not-found';
  if (code === errorCodes.TOPIC_ALREADY_EXISTS || code === errorCodes.NON_EMPTY_GROUP) return 'conflict';
  return USER.has(code) ? 'usage' : 'broker-refused';
}

function hintOf(code: number): { hint?: string } {
  if (code === errorCodes.SASL_AUTHENTICATION_FAILED)
    return { hint: 'check -X sasl.username, sasl.password and sasl.mechanism' };
  if (code === errorCodes.MESSAGE_TOO_LARGE)
    return { hint: 'raise max.message.bytes of the topic: streamctl topics alter TOPIC -c max.message.bytes=N' };
  return {};
}
