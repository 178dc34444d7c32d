/** Outcome of a transaction as it is written into each of its partitions. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  /** Grows by one each time the coordinator moves; 0 on one node. */
  readonly coordinatorEpoch: number;
}

/**
 * One partition's log with its producers, transactions and waiting readers. Offsets are numbers (bounded by 2^53),
 * wire bigints are converted by the handlers.
 */
export interface Partition {
  readonly topicName: string;
  readonly topicId: string;
  readonly index: number;
  /** First offset that can be read. */
  readonly logStart: number;
  /** Next offset to be written. */
  readonly logEnd: number;
  /** Durable end: what readers see. */
  readonly highWatermark: number;
  /** What read_committed readers see: the first open transaction's offset, at most the high watermark. */
  readonly lastStable: number;
  /**
   * Ends a transaction here: writes a control batch.
   * @returns resolves when it is durable; at once when this producer has no open transaction with that epoch and the
   * marker is therefore written already (recovery rolls markers forward and may ask twice).
   * @throws `internal` never for a stale epoch: the answer is `fenced`.
   */
  appendMarker(marker: TransactionMarker): Promise<'written' | 'fenced'>;
  /** Offset where this producer's open transaction begins here; undefined when it has none. */
  openTransaction(producerId: number): number | undefined;
}
