import { StreamctlError } from '../../../base/errors.js';
import { columnIndex, type RowBatch, type Schema } from '../../../base/row-batch.js';
import { JsonDecoder } from '../../../connect/codecs/json-decoder.js';
import { JsonRowEncoder } from '../../../connect/codecs/json-encoder.js';
import type { FetchedRecords } from '../../../connect/kafka/interfaces.js';
import { compilePredicate, type Predicate } from '../../../engine/compile.js';
import { everyRow, gatherBatch } from '../../../engine/rows.js';
import { didYouMean } from '../../../plan/did-you-mean.js';
import { columnsOf, type Expression } from '../../../plan/expression.js';
import { type ExpressionProblem, inferType } from '../../../plan/infer-type.js';
import { parseExpression } from '../../../plan/parse-expression.js';
import type { Context } from '../frame/context.js';

/** Which records of one answer are written, and how. */
export interface Selection {
  /** Asked with rising offsets, once for each record. */
  takes(offset: number): boolean;
  /** The chosen columns of the record that was taken last, as JSON text; undefined: the record itself is written. */
  readonly columns: (() => Uint8Array) | undefined;
  /** The taken records as rows. */
  readonly rows: RowBatch;
}

export interface SelectorOptions {
  /** Columns of the topic, as learned from a sample. */
  readonly schema: Schema;
  readonly where: string | undefined;
  /** Columns to write, empty for whole records. */
  readonly fields: readonly string[];
  /** Columns that expressions of `--until` and `--expect` read. */
  readonly alsoRead: ReadonlySet<string>;
}

/** Chooses records by their columns, for `--where`, `--fields` and expressions over all rows. */
export class RowSelector {
  readonly #decoder: JsonDecoder;
  readonly #predicate: Predicate | undefined;
  readonly #encoder: JsonRowEncoder | undefined;
  /** Whether records that are no rows are left out. */
  readonly #rowsOnly: boolean;
  #leftOut = 0;

  /** @throws `bad-plan` for a condition that does not check, `not-found` for an unknown field. */
  constructor(context: Context, options: SelectorOptions) {
    const { schema, fields } = options;
    const where = options.where === undefined ? undefined : readCondition(options.where, schema);
    for (const field of fields) requireColumn(field, schema);
    const read = new Set([...(where ? columnsOf(where) : []), ...fields, ...options.alsoRead]);
    const columns = schema.filter(({ name }) => read.has(name));
    this.#decoder = new JsonDecoder(columns, context.compression);
    this.#predicate = where && compilePredicate(where, { schema: columns, parameters: [], values: {} });
    this.#encoder =
      fields.length === 0
        ? undefined
        : new JsonRowEncoder(fields.map((name) => columns.find((column) => column.name === name)!));
    this.#rowsOnly = where !== undefined || fields.length > 0;
  }

  /** Records that were passed over because they are no JSON objects with these columns. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /**
   * @param toOffset exclusive.
   * @param limit of records that will be taken.
   */
  select(fetched: FetchedRecords, toOffset: number, limit: number): Selection {
    const decoded = this.#decoder.decode(fetched);
    const rows = this.#chosen(decoded.rows, toOffset, limit);
    if (!this.#rowsOnly) return { takes: () => true, columns: undefined, rows };
    this.#leftOut += decoded.rejected.length;
    const { offsets } = rows;
    const texts = this.#encoder?.encode(rows);
    let at = -1;
    return {
      takes(offset) {
        if (offsets![at + 1] !== offset || at + 1 >= rows.length) return false;
        at++;
        return true;
      },
      columns: texts && (() => texts[at]!),
      rows,
    };
  }

  #chosen(rows: RowBatch, toOffset: number, limit: number): RowBatch {
    let length = 0;
    while (length < rows.length && rows.offsets![length]! < toOffset) length++;
    const all = everyRow(length);
    const chosen = new Int32Array(length);
    const input = { vectors: rows.vectors, selection: all, selected: length, length };
    const count = this.#predicate ? this.#predicate.select(input, chosen, () => undefined) : length;
    return gatherBatch(rows, this.#predicate ? chosen : all, Math.min(count, limit));
  }
}

function readCondition(text: string, schema: Schema): Expression {
  const condition = parseExpression(text);
  const problems: ExpressionProblem[] = [];
  const type = inferType(condition, { columns: schema, parameters: [], aggregated: null }, problems);
  const [problem] = problems;
  if (!problem && (type === 'boolean' || type === null)) return condition;
  throw new StreamctlError('bad-plan', `--where "${text}": ${problem?.message ?? 'it is not a condition'}`, {
    hint: problem?.hint ?? "compare something: price > 1000 AND model = 'A1'",
  });
}

function requireColumn(name: string, schema: Schema): void {
  if (columnIndex(schema, name) >= 0) return;
  const names = schema.map((column) => column.name);
  const near = didYouMean(name, names);
  throw new StreamctlError('not-found', `--fields: the records have no column "${name}"`, {
    detail: `they have: ${names.join(', ')}`,
    ...(near ? { hint: `did you mean ${near}?` } : {}),
  });
}
