import type { Compression } from '../../../base/codec-interfaces.js';
import { StreamctlError } from '../../../base/errors.js';
import { builtinKind, codeKind, type NumberKind } from './date-serial.js';
import { EMPTY, END, MORE, OPEN, XmlScanner } from './xml-scanner.js';
import type { ZipArchive, ZipEntry } from './zip-archive.js';

/** A sheet of a workbook. */
export interface SheetPart {
  readonly name: string;
  readonly entry: ZipEntry;
}

/** What the small parts of a workbook say. */
export interface WorkbookParts {
  /** In the order of the tabs; charts and dialogs are left out. */
  readonly sheets: readonly SheetPart[];
  readonly is1904: boolean;
  readonly strings: ZipEntry | undefined;
  /** What each cell style's numbers are. */
  readonly styles: readonly NumberKind[];
}

const MAX_STYLES = 65_536;

/**
 * Reads the small parts of a workbook.
 * @returns undefined when the archive is no workbook in XML (a binary one, OpenDocument, something else).
 * @throws `bad-data`, `limit-exceeded`
 * @see ECMA-376 part 1, 18.2
 */
export async function readWorkbookParts(
  archive: ZipArchive,
  compression: Compression,
): Promise<WorkbookParts | undefined> {
  const root = await relations(archive, compression, '');
  const main = [...root.values()].find(({ type }) => type === 'officeDocument');
  const book = main && archive.entries.get(main.path);
  if (!book?.name.endsWith('.xml')) return undefined;
  const related = await relations(archive, compression, book.name);
  const byType = (wanted: string): ZipEntry | undefined => {
    const found = [...related.values()].find(({ type }) => type === wanted);
    return found && archive.entries.get(found.path);
  };
  const sheets: SheetPart[] = [];
  let is1904 = false;
  for await (const scanner of tags(archive, compression, book)) {
    if (scanner.name === 'workbookPr') is1904 = /^(1|true|on)$/.test(scanner.attributes().get('date1904') ?? '');
    if (scanner.name !== 'sheet') continue;
    const attributes = scanner.attributes();
    const target = related.get(attributes.get('id') ?? '');
    const entry = target?.type === 'worksheet' ? archive.entries.get(target.path) : undefined;
    if (entry) sheets.push({ name: attributes.get('name') ?? '', entry });
  }
  const styles = byType('styles');
  return {
    sheets,
    is1904,
    strings: byType('sharedStrings'),
    styles: styles ? await readStyles(archive, compression, styles) : [],
  };
}

async function readStyles(archive: ZipArchive, compression: Compression, entry: ZipEntry): Promise<NumberKind[]> {
  const custom = new Map<number, NumberKind>();
  const styles: NumberKind[] = [];
  let section = '';
  for await (const scanner of tags(archive, compression, entry)) {
    const { name } = scanner;
    if (name === 'cellXfs' || name === 'cellStyleXfs' || name === 'numFmts' || name === 'dxfs') section = name;
    else if (name === 'numFmt' && section === 'numFmts') {
      const attributes = scanner.attributes();
      custom.set(Number(attributes.get('numFmtId')), codeKind(attributes.get('formatCode') ?? ''));
    } else if (name === 'xf' && section === 'cellXfs') {
      const id = Number(scanner.attributes().get('numFmtId') ?? 0);
      styles.push(custom.get(id) ?? builtinKind(id));
      if (styles.length > MAX_STYLES) throw new StreamctlError('bad-data', `${entry.name} has too many styles`);
    }
  }
  return styles;
}

interface Relation {
  /** Last word of the type's address: it differs between the two editions of the standard. */
  readonly type: string;
  readonly path: string;
}

/** What a part points to, by id. @param part empty for the package itself. */
async function relations(archive: ZipArchive, compression: Compression, part: string): Promise<Map<string, Relation>> {
  const folder = part.replace(/[^/]*$/, '');
  const entry = archive.entries.get(`${folder}_rels/${part.slice(folder.length)}.rels`);
  const found = new Map<string, Relation>();
  if (!entry) return found;
  for await (const scanner of tags(archive, compression, entry)) {
    if (scanner.name !== 'Relationship') continue;
    const attributes = scanner.attributes();
    const type = (attributes.get('Type') ?? '').replace(/^.*\//, '');
    found.set(attributes.get('Id') ?? '', { type, path: resolve(folder, attributes.get('Target') ?? '') });
  }
  return found;
}

function resolve(folder: string, target: string): string {
  if (target.startsWith('/')) return target.slice(1);
  const parts: string[] = [];
  for (const part of `${folder}${target}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** Stands at each opening or empty tag of a part. */
async function* tags(archive: ZipArchive, compression: Compression, entry: ZipEntry): AsyncGenerator<XmlScanner> {
  const scanner = new XmlScanner(archive.read(entry, compression), entry.name);
  try {
    for (;;) {
      const token = scanner.next();
      if (token === END) return;
      if (token === MORE) await scanner.fill();
      else if (token === OPEN || token === EMPTY) yield scanner;
    }
  } finally {
    await scanner.close();
  }
}
