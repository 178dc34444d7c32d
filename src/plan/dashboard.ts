/** What `watch` shows. */
export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** One part of a dashboard. `sink` names the sink whose newest row per key is shown, other names are its columns. */
export type Panel =
  | {
      readonly kind: 'bars';
      readonly title: string;
      readonly sink: string;
      readonly label: string;
      readonly value: string;
      /** Written after the numbers, such as `GBP`; empty for none. */
      readonly unit: string;
    }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly sink: string;
      readonly columns: readonly string[];
      /** Column by which rows are ordered at first, largest first; null: as they come. */
      readonly sortBy: string | null;
    }
  | { readonly kind: 'sparkline'; readonly title: string; readonly metric: 'rows-per-second' | 'lag' | 'late' }
  | {
      readonly kind: 'line';
      readonly title: string;
      readonly sink: string;
      readonly series: string;
      readonly values: readonly string[];
    };
