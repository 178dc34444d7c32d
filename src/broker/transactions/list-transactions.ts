import { compileRegex } from '../../base/regex.js';
import type { TransactionState, TransactionStatus } from './transaction-state.js';

/** What ListTransactions asks for; empty lists, -1 and null ask for everything. */
export interface TransactionFilter {
  readonly stateFilters: readonly string[];
  readonly producerIdFilters: readonly bigint[];
  /** Only transactions that have been open for longer, milliseconds. */
  readonly durationFilter: bigint;
  readonly transactionalIdPattern: string | null;
}

const STATUSES: ReadonlySet<string> = new Set<TransactionStatus>([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
]);

/**
 * Transactional ids that pass all filters, and the states asked for that do not exist.
 * @throws `usage` or `limit-exceeded` when the pattern is not one.
 */
export function listTransactions(
  all: Iterable<TransactionState>,
  filter: TransactionFilter,
  nowMs: number,
): { readonly transactions: TransactionState[]; readonly unknownStates: string[] } {
  const unknownStates = filter.stateFilters.filter((state) => !STATUSES.has(state));
  const states = new Set(filter.stateFilters);
  const producers = new Set(filter.producerIdFilters.map(Number));
  const longerMs = Number(filter.durationFilter);
  const pattern = filter.transactionalIdPattern ? compileRegex(filter.transactionalIdPattern) : undefined;
  const transactions = [...all].filter((state) => {
    if (states.size > 0 && !states.has(state.status)) return false;
    if (producers.size > 0 && !producers.has(state.producerId)) return false;
    if (longerMs >= 0 && (state.startedAtMs < 0 || nowMs - state.startedAtMs <= longerMs)) return false;
    return pattern?.matches(state.transactionalId) ?? true;
  });
  return { transactions, unknownStates };
}
