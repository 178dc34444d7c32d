// Makes dist/bundle/, what bin/streamctl.js runs, of the files that tsc wrote to dist/: Node takes a third of a millisecond for
// each file that it loads, and a command needs up to 370 of them (docs/decisions/0017).
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const target = join(dist, 'bundle');

/** Packages that bring files of another kind along (native code, WebAssembly), load others by path, or are big and seldom used. */
const LEFT_OUT = /^(@node-rs\/crc32|lz4-napi|snappy|@bokuweb\/zstd-wasm|jiti|xlsx|kafkajs|react-devtools-core)($|\/)/;

/** What is loaded whatever the command: help and mistakes in typing need no more. */
const start = withImports(join(dist, 'main.js'));
/** A module that at least so many lazily loaded parts share goes into the chunk of its layers. */
const SHARED_BY = 3;
function chunkOf(name, folders) {
  const pattern = new RegExp(`/dist/(${folders})/`.replaceAll('/', String.raw`[\\/]`));
  return { name, test: (id) => pattern.test(id) && !start.has(id), minShareCount: SHARED_BY };
}

/** A file that tsc wrote and all that it imports at once. */
function withImports(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^'"]*from '(\.[^']+)'/gm);
  for (const [, path] of imports) withImports(resolve(dirname(file), path), found);
  return found;
}

rmSync(target, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { main: join(dist, 'main.js'), worker: join(dist, 'worker.js') },
  platform: 'node',
  external: LEFT_OUT,
  transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  onLog(level, log, next) {
    // A module that one place loads lazily and another one at once is meant to be so.
    if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') next(level, log);
  },
});
const { output } = await bundle.write({
  dir: target,
  format: 'esm',
  comments: false,
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  codeSplitting: {
    groups: [
      { name: 'start', test: (id) => start.has(id) },
      chunkOf('wire', 'base|wire'),
      chunkOf('client', 'connect/kafka'),
      chunkOf('engine', 'plan|engine|run|connect/codecs'),
      chunkOf('commands', 'commands/shared'),
    ],
  },
});
await bundle.close();
writeFileSync(join(target, 'licenses.txt'), licenses(output.flatMap(({ moduleIds = [] }) => moduleIds)));

/** The licences of all packages whose code is in the bundle. */
function licenses(modules) {
  const folders = new Set();
  for (const id of modules) {
    const at = id.lastIndexOf(`${sep}node_modules${sep}`);
    if (at < 0) continue;
    const rest = id.slice(at + '/node_modules/'.length).split(sep);
    folders.add(join(id.slice(0, at), 'node_modules', ...rest.slice(0, rest[0].startsWith('@') ? 2 : 1)));
  }
  return [...folders].sort().map(license).join('\n');
}

function license(folder) {
  const { name, version, license: kind } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE']
    .map((one) => resolve(folder, one))
    .find(existsSync);
  return `${name} ${version} (${kind})\n\n${file ? readFileSync(file, 'utf8') : ''}\n`;
}
