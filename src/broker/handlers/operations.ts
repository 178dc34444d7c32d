/** Bits of what a client may do, as Kafka numbers operations; without ACLs everybody may do everything. */
function bits(...operations: readonly number[]): number {
  return operations.reduce((sum, operation) => sum | (1 << operation), 0);
}

const READ = 3;
const WRITE = 4;
const CREATE = 5;
const DELETE = 6;
const ALTER = 7;
const DESCRIBE = 8;
const CLUSTER_ACTION = 9;
const DESCRIBE_CONFIGS = 10;
const ALTER_CONFIGS = 11;
const IDEMPOTENT_WRITE = 12;

/** What can be done with a topic. @see KIP-430 */
export const TOPIC_OPERATIONS = bits(READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS);

/** What can be done with the cluster. */
export const CLUSTER_OPERATIONS = bits(
  CREATE,
  ALTER,
  DESCRIBE,
  CLUSTER_ACTION,
  DESCRIBE_CONFIGS,
  ALTER_CONFIGS,
  IDEMPOTENT_WRITE,
);

/** Stands where the client did not ask for operations. */
export const NOT_ASKED = -2147483648;
