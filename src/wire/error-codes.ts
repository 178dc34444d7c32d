/** One error code of the protocol. */
export interface KafkaError {
  readonly code: number;
  readonly name: string;
  /** The same request may succeed when it is sent again, after fresh metadata where leadership or coordination moved. */
  readonly retriable: boolean;
  readonly summary: string;
}

const FINAL = false;
const AGAIN = true;

/** Name: code, whether to try again, what it means. */
const TABLE = {
  UNKNOWN_SERVER_ERROR: [-1, FINAL, 'the broker failed in a way it has no code for'],
  NONE: [0, FINAL, 'no error'],
  OFFSET_OUT_OF_RANGE: [1, FINAL, 'the offset lies before the first or after the last one kept'],
  CORRUPT_MESSAGE: [2, AGAIN, 'the records are damaged or have a wrong checksum'],
  UNKNOWN_TOPIC_OR_PARTITION: [3, AGAIN, 'the broker does not have this topic or partition'],
  INVALID_FETCH_SIZE: [4, FINAL, 'the number of bytes to fetch is not valid'],
  LEADER_NOT_AVAILABLE: [5, AGAIN, 'the partition has no leader at the moment'],
  NOT_LEADER_OR_FOLLOWER: [6, AGAIN, 'another broker leads this partition'],
  REQUEST_TIMED_OUT: [7, AGAIN, 'the broker could not finish within the time limit'],
  BROKER_NOT_AVAILABLE: [8, FINAL, 'the broker is not available'],
  REPLICA_NOT_AVAILABLE: [9, AGAIN, 'the broker has no copy of this partition'],
  MESSAGE_TOO_LARGE: [10, FINAL, 'the records are larger than the topic or broker allows'],
  STALE_CONTROLLER_EPOCH: [11, FINAL, 'another controller has taken over'],
  OFFSET_METADATA_TOO_LARGE: [12, FINAL, 'the note stored with the offset is too long'],
  NETWORK_EXCEPTION: [13, AGAIN, 'the connection ended before the answer came'],
  COORDINATOR_LOAD_IN_PROGRESS: [14, AGAIN, 'the coordinator is still loading its state'],
  COORDINATOR_NOT_AVAILABLE: [15, AGAIN, 'there is no coordinator yet'],
  NOT_COORDINATOR: [16, AGAIN, 'another broker is the coordinator'],
  INVALID_TOPIC_EXCEPTION: [17, FINAL, 'the topic name is not valid, or the topic must not be used so'],
  RECORD_LIST_TOO_LARGE: [18, FINAL, 'the batch is larger than a segment'],
  NOT_ENOUGH_REPLICAS: [19, AGAIN, 'too few replicas are in sync to accept the write'],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, AGAIN, 'written, but on fewer replicas than required'],
  INVALID_REQUIRED_ACKS: [21, FINAL, 'acks must be -1, 0 or 1'],
  ILLEGAL_GENERATION: [22, FINAL, 'the group has moved on to another generation'],
  INCONSISTENT_GROUP_PROTOCOL: [23, FINAL, 'the member shares no protocol with the rest of its group'],
  INVALID_GROUP_ID: [24, FINAL, 'the group id is not valid'],
  UNKNOWN_MEMBER_ID: [25, FINAL, 'the coordinator does not know this member'],
  INVALID_SESSION_TIMEOUT: [26, FINAL, 'the session timeout lies outside the range of the broker'],
  REBALANCE_IN_PROGRESS: [27, FINAL, 'the group rebalances: join again'],
  INVALID_COMMIT_OFFSET_SIZE: [28, FINAL, 'the offsets to commit are too large'],
  TOPIC_AUTHORIZATION_FAILED: [29, FINAL, 'no permission for this topic'],
  GROUP_AUTHORIZATION_FAILED: [30, FINAL, 'no permission for this group'],
  CLUSTER_AUTHORIZATION_FAILED: [31, FINAL, 'no permission for this operation on the cluster'],
  INVALID_TIMESTAMP: [32, FINAL, 'a record is too old or too far in the future'],
  UNSUPPORTED_SASL_MECHANISM: [33, FINAL, 'the broker does not offer this way to log in'],
  ILLEGAL_SASL_STATE: [34, FINAL, 'the request does not fit the state of the login'],
  UNSUPPORTED_VERSION: [35, FINAL, 'the broker does not speak this version of the request'],
  TOPIC_ALREADY_EXISTS: [36, FINAL, 'a topic of this name exists'],
  INVALID_PARTITIONS: [37, FINAL, 'the number of partitions is not valid'],
  INVALID_REPLICATION_FACTOR: [38, FINAL, 'the replication factor is below one or above the number of brokers'],
  INVALID_REPLICA_ASSIGNMENT: [39, FINAL, 'the replica assignment is not valid'],
  INVALID_CONFIG: [40, FINAL, 'a setting or its value is not valid'],
  NOT_CONTROLLER: [41, AGAIN, 'another broker is the controller'],
  INVALID_REQUEST: [42, FINAL, 'the request contradicts itself or the protocol'],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, FINAL, 'the stored record format does not allow this'],
  POLICY_VIOLATION: [44, FINAL, 'a policy of the cluster forbids this'],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, FINAL, 'a batch of this producer is missing before this one'],
  DUPLICATE_SEQUENCE_NUMBER: [46, FINAL, 'the batch was written before'],
  INVALID_PRODUCER_EPOCH: [47, FINAL, 'the producer writes with an old epoch'],
  INVALID_TXN_STATE: [48, FINAL, 'the transaction is not in a state that allows this'],
  INVALID_PRODUCER_ID_MAPPING: [49, FINAL, 'the producer id does not belong to this transactional id'],
  INVALID_TRANSACTION_TIMEOUT: [50, FINAL, 'the transaction timeout is longer than the broker allows'],
  CONCURRENT_TRANSACTIONS: [51, AGAIN, 'the transaction before is still being finished'],
  TRANSACTION_COORDINATOR_FENCED: [52, FINAL, 'the marker comes from a former transaction coordinator'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, FINAL, 'no permission for this transactional id'],
  SECURITY_DISABLED: [54, FINAL, 'the broker runs without the security feature asked for'],
  OPERATION_NOT_ATTEMPTED: [55, FINAL, 'left undone because another part of the request failed'],
  KAFKA_STORAGE_ERROR: [56, AGAIN, 'the disk of the broker failed'],
  LOG_DIR_NOT_FOUND: [57, FINAL, 'the broker has no such log folder'],
  SASL_AUTHENTICATION_FAILED: [58, FINAL, 'login failed'],
  UNKNOWN_PRODUCER_ID: [59, FINAL, 'the broker no longer remembers this producer'],
  REASSIGNMENT_IN_PROGRESS: [60, FINAL, 'a reassignment of the partition is under way'],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, FINAL, 'delegation tokens are switched off'],
  DELEGATION_TOKEN_NOT_FOUND: [62, FINAL, 'the delegation token does not exist'],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, FINAL, 'the delegation token belongs to somebody else'],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, FINAL, 'delegation tokens cannot be asked for on this connection'],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, FINAL, 'no permission for this delegation token'],
  DELEGATION_TOKEN_EXPIRED: [66, FINAL, 'the delegation token has expired'],
  INVALID_PRINCIPAL_TYPE: [67, FINAL, 'the type of principal is not supported'],
  NON_EMPTY_GROUP: [68, FINAL, 'the group still has members'],
  GROUP_ID_NOT_FOUND: [69, FINAL, 'the group does not exist'],
  FETCH_SESSION_ID_NOT_FOUND: [70, AGAIN, 'the fetch session does not exist'],
  INVALID_FETCH_SESSION_EPOCH: [71, AGAIN, 'the fetch session is at another epoch'],
  LISTENER_NOT_FOUND: [72, AGAIN, 'the leader has no listener of the kind that was asked'],
  TOPIC_DELETION_DISABLED: [73, FINAL, 'topics cannot be deleted on this cluster'],
  FENCED_LEADER_EPOCH: [74, AGAIN, 'the client knows an older leader epoch than the broker'],
  UNKNOWN_LEADER_EPOCH: [75, AGAIN, 'the client knows a newer leader epoch than the broker'],
  UNSUPPORTED_COMPRESSION_TYPE: [76, FINAL, 'the compression cannot be used with this version of the request'],
  STALE_BROKER_EPOCH: [77, FINAL, 'the broker has registered anew meanwhile'],
  OFFSET_NOT_AVAILABLE: [78, AGAIN, 'the new leader does not know the offset yet'],
  MEMBER_ID_REQUIRED: [79, FINAL, 'join again with the member id given in the answer'],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, AGAIN, 'the preferred leader is not available'],
  GROUP_MAX_SIZE_REACHED: [81, FINAL, 'the group is full'],
  FENCED_INSTANCE_ID: [82, FINAL, 'another consumer has taken this group instance id'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, AGAIN, 'no replica that could lead is available'],
  ELECTION_NOT_NEEDED: [84, AGAIN, 'the partition has its leader already'],
  NO_REASSIGNMENT_IN_PROGRESS: [85, FINAL, 'no reassignment of the partition is under way'],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, FINAL, 'the group is subscribed to the topic'],
  INVALID_RECORD: [87, FINAL, 'the broker refuses a record of the batch'],
  UNSTABLE_OFFSET_COMMIT: [88, AGAIN, 'an open transaction is about to change these offsets'],
  THROTTLING_QUOTA_EXCEEDED: [89, AGAIN, 'the quota is used up for now'],
  PRODUCER_FENCED: [90, FINAL, 'a newer producer uses this transactional id'],
  RESOURCE_NOT_FOUND: [91, FINAL, 'the thing named in the request does not exist'],
  DUPLICATE_RESOURCE: [92, FINAL, 'the request names the same thing twice'],
  UNACCEPTABLE_CREDENTIAL: [93, FINAL, 'the credential does not meet the rules'],
  INCONSISTENT_VOTER_SET: [94, FINAL, 'sender or receiver is not among the voters'],
  INVALID_UPDATE_VERSION: [95, FINAL, 'the version to update to is not valid'],
  FEATURE_UPDATE_FAILED: [96, FINAL, 'the feature level could not be changed'],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, FINAL, 'the forwarded principal cannot be read'],
  SNAPSHOT_NOT_FOUND: [98, FINAL, 'the snapshot does not exist'],
  POSITION_OUT_OF_RANGE: [99, FINAL, 'the position lies outside the snapshot'],
  UNKNOWN_TOPIC_ID: [100, AGAIN, 'the broker has no topic with this id'],
  DUPLICATE_BROKER_REGISTRATION: [101, FINAL, 'the broker id is in use'],
  BROKER_ID_NOT_REGISTERED: [102, FINAL, 'the broker id is not registered'],
  INCONSISTENT_TOPIC_ID: [103, AGAIN, 'the topic has another id than the request says'],
  INCONSISTENT_CLUSTER_ID: [104, FINAL, 'this is another cluster than the request says'],
  TRANSACTIONAL_ID_NOT_FOUND: [105, FINAL, 'the transactional id does not exist'],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, AGAIN, 'the fetch session mixes topic names and ids'],
  INELIGIBLE_REPLICA: [107, FINAL, 'a replica cannot be counted as in sync'],
  NEW_LEADER_ELECTED: [108, FINAL, 'done, but another leader was elected'],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, FINAL, 'the offset has moved to remote storage'],
  FENCED_MEMBER_EPOCH: [110, FINAL, 'the member was fenced: give up its partitions and join again'],
  UNRELEASED_INSTANCE_ID: [111, FINAL, 'another member still uses this instance id'],
  UNSUPPORTED_ASSIGNOR: [112, FINAL, 'the group does not support this assignor'],
  STALE_MEMBER_EPOCH: [113, FINAL, 'the member has to learn its new epoch by a heartbeat first'],
  MISMATCHED_ENDPOINT_TYPE: [114, FINAL, 'the request went to the wrong kind of endpoint'],
  UNSUPPORTED_ENDPOINT_TYPE: [115, FINAL, 'the kind of endpoint is not supported'],
  UNKNOWN_CONTROLLER_ID: [116, FINAL, 'the controller id is not known'],
  UNKNOWN_SUBSCRIPTION_ID: [117, FINAL, 'the telemetry subscription is not known'],
  TELEMETRY_TOO_LARGE: [118, FINAL, 'the telemetry is larger than the broker accepts'],
  INVALID_REGISTRATION: [119, FINAL, 'the controller refuses the registration of the broker'],
  TRANSACTION_ABORTABLE: [120, FINAL, 'the transaction failed: abort it, then go on'],
  INVALID_RECORD_STATE: [121, FINAL, 'the record cannot be acknowledged in its state'],
  SHARE_SESSION_NOT_FOUND: [122, AGAIN, 'the share session does not exist'],
  INVALID_SHARE_SESSION_EPOCH: [123, AGAIN, 'the share session is at another epoch'],
  FENCED_STATE_EPOCH: [124, FINAL, 'the state of the share group is at another epoch'],
  INVALID_VOTER_KEY: [125, FINAL, 'the voter has another key'],
  DUPLICATE_VOTER: [126, FINAL, 'the voter is one already'],
  VOTER_NOT_FOUND: [127, FINAL, 'the voter is not one'],
  INVALID_REGULAR_EXPRESSION: [128, FINAL, 'the regular expression is not valid'],
  REBOOTSTRAP_REQUIRED: [129, FINAL, 'what the client knows of the cluster is too old: start from the first addresses'],
  STREAMS_INVALID_TOPOLOGY: [130, FINAL, 'the topology is not valid'],
  STREAMS_INVALID_TOPOLOGY_EPOCH: [131, FINAL, 'the epoch of the topology is not valid'],
  STREAMS_TOPOLOGY_FENCED: [132, FINAL, 'the topology is older than the one of the group'],
  SHARE_SESSION_LIMIT_REACHED: [133, AGAIN, 'there are too many share sessions'],
} as const satisfies Record<string, readonly [code: number, retriable: boolean, summary: string]>;

/** Name of an error code of the protocol. */
export type KafkaErrorName = keyof typeof TABLE;

type Codes = { readonly [Name in KafkaErrorName]: (typeof TABLE)[Name][0] };

/** Error codes by name: `errorCodes.NOT_COORDINATOR`. */
export const errorCodes = Object.fromEntries(Object.entries(TABLE).map(([name, row]) => [name, row[0]])) as Codes;

/** Every error code of Kafka 4.3, by ascending code. */
export const kafkaErrors: readonly KafkaError[] = Object.entries(TABLE).map(([name, [code, retriable, summary]]) => ({
  code,
  name,
  retriable,
  summary,
}));

const byCode: ReadonlyMap<number, KafkaError> = new Map(kafkaErrors.map((error) => [error.code, error]));

/** What `code` means; a code newer than the table counts as final. */
export function kafkaError(code: number): KafkaError {
  return (
    byCode.get(code) ?? { code, name: `ERROR_${code}`, retriable: false, summary: 'an error that is not known here' }
  );
}
