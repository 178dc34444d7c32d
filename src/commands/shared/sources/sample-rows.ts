import { StreamctlError } from '../../../base/errors.js';
import type { Plan } from '../../../plan/plan.js';
import type { Context } from '../frame/context.js';

/** Rows of a file that fits into memory, as JSON texts, for the first source of a pipeline. */
export interface SampleRows {
  /** Said in the records' headers. */
  readonly name: string;
  readonly topic: string;
  readonly texts: readonly Uint8Array[];
}

/** What of a context is needed to find samples. */
interface SamplePlaces {
  readonly files: Pick<Context['files'], 'exists' | 'readFile'>;
  readonly program: Pick<Context['program'], 'fixture'>;
}

/** The file that the program brings along for a pipeline, undefined where there is none. */
export function samplePath(pipeline: string, { files, program }: SamplePlaces): string | undefined {
  const path = program.fixture(`${pipeline}.csv`);
  return files.exists(path) ? path : undefined;
}

/**
 * The sample of a pipeline.
 * @throws `not-found` where it has none.
 */
export async function readSample(plan: Plan, places: SamplePlaces): Promise<SampleRows> {
  const path = samplePath(plan.name, places);
  if (path === undefined) {
    throw new StreamctlError('not-found', `pipeline "${plan.name}" has no sample`, { hint: 'streamctl demo cars' });
  }
  const [{ detectCsv }, { CsvJson }, { RowBlock }] = await Promise.all([
    import('../../../connect/codecs/csv-shape.js'),
    import('../../../connect/codecs/csv-json.js'),
    import('../../../connect/codecs/row-block.js'),
  ]);
  const bytes = places.files.readFile(path);
  const shape = detectCsv(bytes, true);
  const source = plan.sources[0]!;
  // The plan knows better than the file, where a header row in the middle makes every column look like text.
  const isNumber = (name: string): boolean =>
    source.columns.some((column) => column.name === name && (column.type === 'bigint' || column.type === 'double'));
  const layout = {
    ...shape.marks,
    columns: shape.columns.map(({ name }) => ({ name, kind: isNumber(name) ? 'number' : 'text' }) as const),
    constants: [],
    keyColumn: -1,
    timeColumn: -1,
  };
  const block = new RowBlock();
  const converter = new CsvJson(layout, shape.firstLine, () => undefined);
  // One byte behind the end is the converter's.
  const input = new Uint8Array(bytes.length + 1);
  input.set(bytes);
  converter.convert(input, shape.headerBytes, bytes.length, true, block, Number.POSITIVE_INFINITY);
  const texts = Array.from({ length: block.count }, (_, at) => block.bytes.slice(block.start(at), block.ends[at]!));
  return { name: `${plan.name}.csv`, topic: source.topic, texts };
}
