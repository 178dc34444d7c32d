// A workbook of any length, the same on every machine: seeded, in the columns of the cars and two dates.
import { writeFileSync } from 'node:fs';
import { crc32, createDeflateRaw } from 'node:zlib';

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const COLUMNS = 'maker,model,year,price,gears,mileage,fuel,tax,mpg,size,sold,note'.split(',');
const WORDS = ['audi', 'bmw', 'ford', 'Manual', 'Automatic', 'Petrol', 'Diesel', ' A1', ' Focus', ' 3 Series', ' Golf'];

/** Writes a workbook of `rows` rows and 12 columns; with `texts`, one text of its own per row among its shared strings. */
export async function writeWorkbook(path, rows, { texts = false } = {}) {
  const parts = {
    '[Content_Types].xml': [
      '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    ],
    '_rels/.rels': [
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    'xl/workbook.xml': [
      `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Cars" sheetId="1" r:id="r1"/></sheets></workbook>`,
    ],
    'xl/_rels/workbook.xml.rels': [
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    ],
    'xl/styles.xml': [
      `<styleSheet xmlns="${MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
    ],
    'xl/worksheets/sheet1.xml': sheet(rows, texts),
    'xl/sharedStrings.xml': strings(rows, texts),
  };
  const chunks = [];
  const directory = [];
  let offset = 0;
  for (const [name, pieces] of Object.entries(parts)) {
    const { packed, size, crc } = await deflate(pieces);
    const head = fields([0x04034b50, [20, 0, 8, 0, 0], crc, packed.length, size, [name.length, 0]], name);
    directory.push(
      fields([0x02014b50, [20, 20, 0, 8, 0, 0], crc, packed.length, size, [name.length, 0, 0, 0, 0], 0, offset], name),
    );
    chunks.push(head, packed);
    offset += head.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const count = directory.length;
  writeFileSync(
    path,
    Buffer.concat([...chunks, central, fields([0x06054b50, [0, 0, count, count], central.length, offset, [0]], '')]),
  );
}

function* sheet(rows, texts) {
  let state = 7;
  const below = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * bound);
  };
  yield `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${MAIN}"><dimension ref="A1:L${rows + 1}"/><sheetData>`;
  yield `<row r="1">${COLUMNS.map((_, column) => `<c r="${String.fromCharCode(65 + column)}1" t="s"><v>${WORDS.length + column}</v></c>`).join('')}</row>`;
  for (let row = 2; row <= rows + 1; row++) {
    const text = (column) => `<c r="${column}${row}" t="s"><v>${below(WORDS.length)}</v></c>`;
    const number = (column, value) => `<c r="${column}${row}"><v>${value}</v></c>`;
    yield `<row r="${row}" spans="1:12">${text('A')}${text('B')}${number('C', 2000 + below(21))}${number('D', 500 + below(60000))}${text('E')}${number('F', below(150000))}${text('G')}${number('H', below(600))}${number('I', `${20 + below(60)}.${1 + below(9)}`)}${number('J', `${1 + below(4)}.${1 + below(9)}`)}<c r="K${row}" s="1"><v>${43000 + below(2000)}</v></c>${texts ? `<c r="L${row}" t="s"><v>${WORDS.length + COLUMNS.length + row - 2}</v></c>` : text('L')}</row>`;
  }
  yield '</sheetData></worksheet>';
}

function* strings(rows, texts) {
  yield `<?xml version="1.0" encoding="UTF-8"?><sst xmlns="${MAIN}">`;
  for (const word of [...WORDS, ...COLUMNS]) yield `<si><t xml:space="preserve">${word}</t></si>`;
  for (let row = 0; texts && row < rows; row++)
    yield `<si><t>note ${row} ${'about a car and its owner, '.repeat(4)}</t></si>`;
  yield '</sst>';
}

async function deflate(pieces) {
  const deflater = createDeflateRaw({ level: 6 });
  const packed = [];
  deflater.on('data', (chunk) => packed.push(chunk));
  const ended = new Promise((done) => deflater.on('end', done));
  let size = 0;
  let crc = 0;
  let text = '';
  const send = async () => {
    const bytes = Buffer.from(text);
    text = '';
    size += bytes.length;
    crc = crc32(bytes, crc);
    if (!deflater.write(bytes)) await new Promise((done) => deflater.once('drain', done));
  };
  for (const piece of pieces) {
    text += piece;
    if (text.length > 1 << 20) await send();
  }
  await send();
  deflater.end();
  await ended;
  return { packed: Buffer.concat(packed), size, crc };
}

/** Numbers of four bytes, lists of numbers of two, then a name. */
function fields(list, name) {
  const bytes = [];
  for (const field of list) {
    const [values, size] = typeof field === 'number' ? [[field], 4] : [field, 2];
    for (const value of values) for (let at = 0; at < size; at++) bytes.push((value >>> (at * 8)) & 0xff);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from(name)]);
}
