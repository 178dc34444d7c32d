import { deflateRawSync } from 'node:zlib';
import { concatBytes, utf8 } from '../../src/base/bytes.js';

/** Parts of a workbook by path; those that are not given are the plain ones. */
export type WorkbookFiles = Readonly<Record<string, string | Uint8Array>>;

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';

/** A workbook written by hand, part by part, for what no library writes. @param sheet the XML inside `<worksheet>`. */
export function makeWorkbook(sheet: string, files: WorkbookFiles = {}): Uint8Array {
  return zip({
    '_rels/.rels': `<Relationships><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      `<Relationships><Relationship Id="r1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>` +
      `<Relationship Id="r2" Type="${OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>` +
      `<Relationship Id="r3" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<?xml version="1.0"?><worksheet xmlns="${MAIN}">${sheet}</worksheet>`,
    ...files,
  });
}

/** Settings of one file in {@link zip}. */
export interface ZipWriting {
  readonly stored?: boolean;
  readonly encrypted?: boolean;
}

/** A zip archive. */
export function zip(files: WorkbookFiles, writing: ZipWriting = {}): Uint8Array {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = typeof content === 'string' ? utf8(content) : content;
    const packed = writing.stored ? plain : new Uint8Array(deflateRawSync(plain));
    const nameBytes = utf8(name);
    const flags = writing.encrypted ? 1 : 0;
    const method = writing.stored ? 0 : 8;
    const sizes = [packed.length, plain.length, nameBytes.length];
    chunks.push(
      header([0x04034b50, [20, flags, method, 0, 0], 0, sizes[0]!, sizes[1]!, [sizes[2]!, 0]]),
      nameBytes,
      packed,
    );
    directory.push(
      header([0x02014b50, [20, 20, flags, method, 0, 0], 0, sizes[0]!, sizes[1]!, [sizes[2]!, 0, 0, 0, 0], 0, offset]),
      nameBytes,
    );
    offset += 30 + nameBytes.length + packed.length;
  }
  const central = concatBytes(directory);
  const count = Object.keys(files).length;
  return concatBytes([...chunks, central, header([0x06054b50, [0, 0, count, count], central.length, offset, [0]])]);
}

/** Numbers of four bytes, and lists of numbers of two. */
function header(fields: readonly (number | readonly number[])[]): Uint8Array {
  const bytes: number[] = [];
  for (const field of fields) {
    const [values, size] = typeof field === 'number' ? [[field], 4] : [field, 2];
    for (const value of values) for (let at = 0; at < size; at++) bytes.push((value >>> (at * 8)) & 0xff);
  }
  return Uint8Array.from(bytes);
}
