import type { CellObject, WorkSheet } from 'xlsx';
import { utf8 } from '../../../base/bytes.js';
import type { CellRange } from '../../codecs/xlsx/cell-range.js';
import { appendNumberCell, appendTextCell, GrowingBytes } from '../../codecs/xlsx/cell-text.js';
import { codeKind, SerialWriter } from '../../codecs/xlsx/date-serial.js';
import { SheetRows } from '../../codecs/xlsx/sheet-rows.js';

/** Rows and columns count from 0. */
interface UsedRange {
  readonly s: { readonly r: number; readonly c: number };
  readonly e: { readonly r: number; readonly c: number };
}

/**
 * A sheet that the package has read (dense, dates as numbers, formats kept) as CSV: cell by cell what a sheet of a workbook
 * in XML becomes.
 * @param used the cells that the sheet says it uses.
 */
export function packageRows(
  sheet: WorkSheet,
  used: UsedRange,
  is1904: boolean,
  range: CellRange | undefined,
): Uint8Array {
  const rows = new SheetRows(range);
  if (!range) rows.first = used.s.c + 1;
  const write = cellWriter(rows.out, new SerialWriter(is1904));
  const data = (sheet['!data'] ?? []) as readonly (readonly (CellObject | undefined)[] | undefined)[];
  for (let row = used.s.r; row <= used.e.r; row++) {
    const cells = data[row];
    if (!cells) continue;
    if (!rows.beginRow(row + 1)) break;
    for (let column = used.s.c; column < cells.length; column++) {
      const before = rows.out.used;
      if (isEmpty(cells[column]) || !rows.beginCell(column + 1)) continue;
      const from = rows.out.used;
      write(cells[column]!);
      if (rows.out.used === from) rows.out.used = before;
      else rows.written = column - rows.first + 2;
    }
    rows.endRow();
  }
  return rows.out.bytes.subarray(0, rows.out.used);
}

function isEmpty(cell: CellObject | undefined): boolean {
  return cell === undefined || cell.t === 'z' || cell.v === undefined || cell.v === null || cell.v === '';
}

function cellWriter(out: GrowingBytes, serials: SerialWriter): (cell: CellObject) => void {
  const value = new GrowingBytes(1024);
  const take = (text: string): GrowingBytes => {
    const bytes = utf8(text);
    value.used = 0;
    value.append(bytes, 0, bytes.length);
    return value;
  };
  return ({ t, v, w, z }) => {
    if (t === 'b') appendTextCell(take(v === true ? 'TRUE' : 'FALSE'), out);
    else if (t !== 'n') appendTextCell(take(t === 'e' ? (w ?? String(v)) : String(v)), out);
    else {
      const kind = codeKind(String(z ?? 'General'));
      if (kind === 'number' || !serials.append(v as number, kind, out)) appendNumberCell(take(String(v)), out);
    }
  };
}
