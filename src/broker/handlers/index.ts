import type { OfferedHandler } from '../handler-table.js';

function offer(key: number, minVersion: number, maxVersion: number, load: OfferedHandler['load']): OfferedHandler {
  return { key, minVersion, maxVersion, load };
}

/** Every API the broker offers, by key; each is loaded when it is first asked for. */
export const offers: readonly OfferedHandler[] = [
  offer(0, 3, 13, async () => (await import('./00-produce.js')).produceHandler),
  offer(1, 4, 18, async () => (await import('./01-fetch.js')).fetchHandler),
  offer(2, 1, 11, async () => (await import('./02-list-offsets.js')).listOffsetsHandler),
  offer(3, 0, 13, async () => (await import('./03-metadata.js')).metadataHandler),
  offer(8, 2, 10, async () => (await import('./08-offset-commit.js')).offsetCommitHandler),
  offer(9, 1, 10, async () => (await import('./09-offset-fetch.js')).offsetFetchHandler),
  offer(10, 0, 6, async () => (await import('./10-find-coordinator.js')).findCoordinatorHandler),
  offer(11, 0, 9, async () => (await import('./11-join-group.js')).joinGroupHandler),
  offer(12, 0, 4, async () => (await import('./12-heartbeat.js')).heartbeatHandler),
  offer(13, 0, 5, async () => (await import('./13-leave-group.js')).leaveGroupHandler),
  offer(14, 0, 5, async () => (await import('./14-sync-group.js')).syncGroupHandler),
  offer(15, 0, 6, async () => (await import('./15-describe-groups.js')).describeGroupsHandler),
  offer(16, 0, 5, async () => (await import('./16-list-groups.js')).listGroupsHandler),
  offer(18, 0, 4, async () => (await import('./18-api-versions.js')).apiVersionsHandler),
  offer(19, 2, 7, async () => (await import('./19-create-topics.js')).createTopicsHandler),
  offer(20, 1, 6, async () => (await import('./20-delete-topics.js')).deleteTopicsHandler),
  offer(21, 0, 2, async () => (await import('./21-delete-records.js')).deleteRecordsHandler),
  offer(22, 0, 5, async () => (await import('./22-init-producer-id.js')).initProducerIdHandler),
  offer(23, 2, 4, async () => (await import('./23-offset-for-leader-epoch.js')).offsetForLeaderEpochHandler),
  offer(24, 0, 5, async () => (await import('./24-add-partitions-to-txn.js')).addPartitionsToTxnHandler),
  offer(25, 0, 4, async () => (await import('./25-add-offsets-to-txn.js')).addOffsetsToTxnHandler),
  offer(26, 0, 5, async () => (await import('./26-end-txn.js')).endTxnHandler),
  offer(28, 0, 5, async () => (await import('./28-txn-offset-commit.js')).txnOffsetCommitHandler),
  offer(32, 1, 4, async () => (await import('./32-describe-configs.js')).describeConfigsHandler),
  offer(33, 0, 2, async () => (await import('./33-alter-configs.js')).alterConfigsHandler),
  offer(35, 1, 5, async () => (await import('./35-describe-log-dirs.js')).describeLogDirsHandler),
  offer(37, 0, 3, async () => (await import('./37-create-partitions.js')).createPartitionsHandler),
  offer(42, 0, 2, async () => (await import('./42-delete-groups.js')).deleteGroupsHandler),
  offer(44, 0, 1, async () => (await import('./44-incremental-alter-configs.js')).incrementalAlterConfigsHandler),
  offer(46, 0, 0, async () => (await import('./46-list-partition-reassignments.js')).listPartitionReassignmentsHandler),
  offer(47, 0, 0, async () => (await import('./47-offset-delete.js')).offsetDeleteHandler),
  offer(60, 0, 2, async () => (await import('./60-describe-cluster.js')).describeClusterHandler),
  offer(61, 0, 0, async () => (await import('./61-describe-producers.js')).describeProducersHandler),
  offer(65, 0, 0, async () => (await import('./65-describe-transactions.js')).describeTransactionsHandler),
  offer(66, 0, 2, async () => (await import('./66-list-transactions.js')).listTransactionsHandler),
  offer(68, 0, 1, async () => (await import('./68-consumer-group-heartbeat.js')).consumerGroupHeartbeatHandler),
  offer(69, 0, 1, async () => (await import('./69-consumer-group-describe.js')).consumerGroupDescribeHandler),
  offer(75, 0, 0, async () => (await import('./75-describe-topic-partitions.js')).describeTopicPartitionsHandler),
];

/** What is offered only where clients have to log in. */
export const loginOffers: readonly OfferedHandler[] = [
  offer(17, 0, 1, async () => (await import('./17-sasl-handshake.js')).saslHandshakeHandler),
  offer(36, 0, 2, async () => (await import('./36-sasl-authenticate.js')).saslAuthenticateHandler),
];
