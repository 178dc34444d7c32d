/** One value of a document. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | bigint | string;
  /** Where it begins in the text of the document. */
  readonly at: number;
  /** Where its characters stand one for one in the text, null where they are written otherwise. */
  readonly textAt: number | null;
}

/** A list of a document. */
export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly DocumentNode[];
  readonly at: number;
}

/** A key of a document with its value. */
export interface DocumentEntry {
  readonly key: string;
  readonly at: number;
  readonly value: DocumentNode;
}

/** Keys with values in a document, in order; keys are unique. */
export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly DocumentEntry[];
  readonly at: number;
}

/** A YAML or JSON document as data, with the places of its parts. */
export type DocumentNode = ScalarNode | ListNode | MapNode;

/** What is written into a document. Maps keep the order of their keys, whatever these look like. */
export type DocumentData =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly DocumentData[]
  | ReadonlyMap<string, DocumentData>;

/** A mistake in a document. */
export interface DocumentProblem {
  /** Place in the text. */
  readonly at: number;
  readonly message: string;
  readonly hint?: string;
}
