/** Outcome of a transaction as it is written into each of its partitions. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  /** Grows by one each time the coordinator moves; 0 on one node. */
  readonly coordinatorEpoch: number;
  /**
   * 2: `producerEpoch` is the epoch after the bump at the transaction's end (KIP-890); with the epoch of a transaction
   * that is open here the marker is a late one and refused. 1 (the default): the transaction's own epoch.
   */
  readonly version?: 1 | 2;
}

/** A transaction that has records in a partition and no marker yet. */
export interface OpenTransaction {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstOffset: number;
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
   * Ends a transaction here: writes a control batch. Writing a marker twice is harmless (recovery rolls markers
   * forward); an epoch older than the producer's here, or see {@link TransactionMarker.version}, is fenced.
   * @returns resolves when the marker is durable.
   * @throws `disk-failed` synchronously inside the promise; nothing was written.
   */
  appendMarker(marker: TransactionMarker): Promise<'written' | 'fenced'>;
  /** Offset where this producer's open transaction begins here; undefined when it has none. */
  openTransaction(producerId: number): number | undefined;
  /**
   * All open transactions here. After a restart those the coordinator knows nothing of have to be aborted: after a power
   * loss records may have reached the disk whose transaction's journal entry did not.
   */
  openTransactions(): readonly OpenTransaction[];
}
