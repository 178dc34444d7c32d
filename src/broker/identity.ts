import type { JournalEntry, JournalOwner } from './journal.js';

/** The id of the data folder, given once. */
export class Identity implements JournalOwner {
  readonly kinds = ['cluster'];
  /** 22 characters; empty before the first start is done. */
  clusterId = '';

  apply(entry: JournalEntry): void {
    this.clusterId = String(entry.id);
  }

  *snapshot(): Iterable<JournalEntry> {
    if (this.clusterId !== '') yield clusterEntry(this.clusterId);
  }
}

/** Names the data folder. */
export function clusterEntry(id: string): JournalEntry {
  return { kind: 'cluster', id };
}
