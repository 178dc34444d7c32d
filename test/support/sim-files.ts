import { StreamctlError } from '../../src/base/errors.js';
import type { FileHandle, FileStamp, FileSystem, OpenMode } from '../../src/base/files.js';
import type { Random } from '../../src/base/random.js';

/** Bytes that a disk writes as a whole. */
const SECTOR_BYTES = 512;

interface PendingWrite {
  readonly kind: 'write' | 'truncate';
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** One file: what is on the disk, what was written since, and the sum of both. */
interface Inode {
  durable: Uint8Array;
  pending: PendingWrite[];
  current: Uint8Array;
  size: number;
  /** Writes so far: stands for the time of the last change. */
  changes?: number;
}

const inodeNumbers = new WeakMap<Inode, number>();
let inodesMade = 0;

function numberOf(inode: Inode): number {
  let number = inodeNumbers.get(inode);
  if (number === undefined) {
    number = ++inodesMade;
    inodeNumbers.set(inode, number);
  }
  return number;
}

interface FolderChange {
  readonly remove: readonly string[];
  readonly add: ReadonlyMap<string, Inode | 'folder'>;
}

interface Folder {
  durable: Map<string, Inode | 'folder'>;
  pending: FolderChange[];
  current: Map<string, Inode | 'folder'>;
}

/** What a fault does at the chosen call. */
export type Fault = 'fail' | 'power-loss';

/**
 * A file system in memory that knows what a power loss would leave: unsynced writes are dropped or kept sector by
 * sector in any order, unsynced folder entries come and go. Any single call can be made to fail.
 */
export class SimFiles implements FileSystem {
  #folders = new Map<string, Folder>();
  #calls = 0;
  #faultAt = -1;
  #fault: Fault = 'fail';
  #dead = false;
  /** Whether every write finds the disk full. */
  isFull = false;
  /** Names of the calls so far, for messages. */
  lastCall = '';

  constructor() {
    this.#folders.set('/', { durable: new Map(), pending: [], current: new Map() });
  }

  /** Calls made so far that may fail. */
  get calls(): number {
    return this.#calls;
  }

  /** Whether the fault has struck. */
  get struck(): boolean {
    return this.#faultAt >= 0 && this.#calls > this.#faultAt;
  }

  /** Lets call number `call` (0 is the next one after `calls`) fail, or the power go. */
  faultAt(call: number, fault: Fault): void {
    this.#faultAt = call;
    this.#fault = fault;
  }

  /** The disk after a power loss now. The old value is dead. */
  afterPowerLoss(random: Random): SimFiles {
    this.#dead = true;
    const next = new SimFiles();
    const kept = new Map<Inode, Inode>();
    const settle = (inode: Inode): Inode => {
      let copy = kept.get(inode);
      if (!copy) {
        const bytes = surviving(inode, random);
        copy = { durable: bytes.slice(), pending: [], current: bytes, size: bytes.length };
        kept.set(inode, copy);
      }
      return copy;
    };
    const walk = (path: string): void => {
      const folder = this.#folders.get(path);
      const entries = new Map<string, Inode | 'folder'>(folder?.durable);
      for (const change of folder?.pending ?? []) {
        if (random.below(2) === 0) continue;
        for (const name of change.remove) entries.delete(name);
        for (const [name, entry] of change.add) entries.set(name, entry);
      }
      const settled = new Map<string, Inode | 'folder'>();
      for (const [name, entry] of entries) settled.set(name, entry === 'folder' ? entry : settle(entry));
      next.#folders.set(path, { durable: new Map(settled), pending: [], current: settled });
      for (const [name, entry] of entries) if (entry === 'folder') walk(join(path, name));
    };
    walk('/');
    return next;
  }

  /** The disk after kill -9: nothing that was written is lost. The old value is dead. */
  afterKill(): SimFiles {
    this.#dead = true;
    const next = new SimFiles();
    next.#folders = this.#folders;
    return next;
  }

  /** Flips one bit of a file, behind everybody's back. */
  flipBit(path: string, byte: number, bit: number): void {
    const inode = this.#inode(path);
    inode.current[byte] = inode.current[byte]! ^ (1 << bit);
    if (byte < inode.durable.length) inode.durable[byte] = inode.durable[byte]! ^ (1 << bit);
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#call(`open ${path}`);
    const { folder, name } = this.#parent(path);
    let entry = folder.current.get(name);
    if (entry === 'folder') throw new StreamctlError('disk-failed', `${path} is a folder`);
    if (!entry) {
      if (mode === 'read') throw new StreamctlError('not-found', `${path} does not exist`);
      entry = { durable: new Uint8Array(0), pending: [], current: new Uint8Array(64), size: 0 };
      change(folder, { remove: [], add: new Map([[name, entry]]) });
    }
    return new SimFile(path, entry, (what) => this.#call(what));
  }

  openTemporary(): FileHandle {
    this.#call('openTemporary');
    const inode: Inode = { durable: new Uint8Array(0), pending: [], current: new Uint8Array(64), size: 0 };
    return new SimFile('a temporary file', inode, (what) => this.#call(what));
  }

  exists(path: string): boolean {
    if (this.#folders.has(path)) return true;
    const parent = this.#folders.get(parentOf(path));
    return parent?.current.has(nameOf(path)) ?? false;
  }

  stamp(path: string): FileStamp | undefined {
    this.#call(`stamp ${path}`);
    if (!this.exists(path)) return undefined;
    const inode = this.#inode(path);
    return { sizeBytes: inode.size, modifiedMs: inode.changes ?? 0, id: String(numberOf(inode)) };
  }

  realPath(path: string): string {
    return path;
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  list(folder: string): string[] {
    this.#call(`list ${folder}`);
    return [...(this.#folders.get(folder)?.current.keys() ?? [])].sort();
  }

  makeFolder(path: string): void {
    this.#call(`makeFolder ${path}`);
    if (this.#folders.has(path)) return;
    const parent = parentOf(path);
    if (!this.#folders.has(parent)) this.makeFolder(parent);
    change(this.#folders.get(parent)!, { remove: [], add: new Map([[nameOf(path), 'folder' as const]]) });
    this.#folders.set(path, { durable: new Map(), pending: [], current: new Map() });
  }

  remove(path: string): void {
    this.#call(`remove ${path}`);
    const parent = this.#folders.get(parentOf(path));
    if (!parent?.current.has(nameOf(path))) return;
    change(parent, { remove: [nameOf(path)], add: new Map() });
    for (const name of [...this.#folders.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.#folders.delete(name);
    }
  }

  rename(from: string, to: string): void {
    this.#call(`rename ${from}`);
    const source = this.#parent(from);
    const target = this.#parent(to);
    const entry = source.folder.current.get(source.name);
    if (!entry) throw new StreamctlError('not-found', `${from} does not exist`);
    if (source.folder !== target.folder || entry === 'folder') {
      throw new StreamctlError('internal', 'the simulation renames files inside one folder only');
    }
    change(source.folder, { remove: [source.name], add: new Map([[target.name, entry]]) });
  }

  syncFolder(folder: string): void {
    this.#call(`syncFolder ${folder}`);
    const entry = this.#folders.get(folder);
    if (!entry) throw new StreamctlError('not-found', `${folder} does not exist`);
    entry.durable = new Map(entry.current);
    entry.pending = [];
  }

  readFile(path: string): Uint8Array {
    this.#call(`readFile ${path}`);
    const inode = this.#inode(path);
    return inode.current.slice(0, inode.size);
  }

  replaceFile(path: string, bytes: Uint8Array): void {
    const file = this.open(`${path}.next`, 'append');
    file.truncate(0);
    file.write([bytes], 0);
    file.syncNow();
    file.close();
    this.rename(`${path}.next`, path);
    this.syncFolder(parentOf(path));
  }

  #inode(path: string): Inode {
    const { folder, name } = this.#parent(path);
    const entry = folder.current.get(name);
    if (!entry || entry === 'folder') throw new StreamctlError('not-found', `${path} does not exist`);
    return entry;
  }

  #parent(path: string): { folder: Folder; name: string } {
    const folder = this.#folders.get(parentOf(path));
    if (!folder) throw new StreamctlError('not-found', `${parentOf(path)} does not exist`);
    return { folder, name: nameOf(path) };
  }

  #call(what: string): void {
    if (this.#dead) throw new StreamctlError('disk-failed', `the power is off: ${what}`);
    this.lastCall = what;
    if (this.isFull && /^(write|makeFolder|sync) /.test(what)) {
      throw new StreamctlError('disk-failed', `no space left on device: ${what}`);
    }
    const call = this.#calls++;
    if (call !== this.#faultAt) return;
    if (this.#fault === 'power-loss') this.#dead = true;
    throw new StreamctlError('disk-failed', `made to fail: ${what}`);
  }
}

class SimFile implements FileHandle {
  readonly #path: string;
  readonly #inode: Inode;
  readonly #call: (what: string) => void;
  #open = true;

  constructor(path: string, inode: Inode, call: (what: string) => void) {
    this.#path = path;
    this.#inode = inode;
    this.#call = call;
  }

  read(target: Uint8Array, position: number): number {
    this.#check('read');
    const end = Math.min(this.#inode.size, position + target.length);
    if (end <= position) return 0;
    target.set(this.#inode.current.subarray(position, end));
    return end - position;
  }

  write(chunks: readonly Uint8Array[], position: number): void {
    this.#check('write');
    let at = position;
    for (const chunk of chunks) {
      const bytes = chunk.slice();
      apply(this.#inode, { kind: 'write', position: at, bytes });
      this.#inode.pending.push({ kind: 'write', position: at, bytes });
      at += bytes.length;
    }
  }

  size(): number {
    this.#check('size');
    return this.#inode.size;
  }

  truncate(size: number): void {
    this.#check('truncate');
    const write: PendingWrite = { kind: 'truncate', position: size, bytes: new Uint8Array(0) };
    apply(this.#inode, write);
    this.#inode.pending.push(write);
  }

  async sync(): Promise<void> {
    const count = this.#inode.pending.length;
    await Promise.resolve();
    this.#check('sync');
    this.#settle(count);
  }

  syncNow(): void {
    this.#check('syncNow');
    this.#settle(this.#inode.pending.length);
  }

  close(): void {
    this.#open = false;
  }

  #check(what: string): void {
    if (!this.#open) throw new StreamctlError('internal', `${what} of a closed file: ${this.#path}`);
    this.#call(`${what} ${this.#path}`);
  }

  #settle(count: number): void {
    const inode = this.#inode;
    const durable: Inode = { durable: inode.durable, pending: [], current: inode.durable, size: inode.durable.length };
    for (const write of inode.pending.splice(0, count)) apply(durable, write);
    inode.durable = durable.current.slice(0, durable.size);
  }
}

/** Changes what a file holds now. */
function apply(inode: Inode, write: PendingWrite): void {
  inode.changes = (inode.changes ?? 0) + 1;
  const end = write.position + write.bytes.length;
  if (end > inode.current.length) {
    const larger = new Uint8Array(Math.max(end, inode.current.length * 2));
    larger.set(inode.current.subarray(0, inode.size));
    inode.current = larger;
  }
  if (write.kind === 'truncate') {
    if (write.position < inode.size) inode.current.fill(0, write.position, inode.size);
    inode.size = write.position;
    return;
  }
  inode.current.set(write.bytes, write.position);
  inode.size = Math.max(inode.size, end);
}

/** The content after a power loss: each unsynced sector is there or not. */
function surviving(inode: Inode, random: Random): Uint8Array {
  const result: Inode = {
    durable: inode.durable,
    pending: [],
    current: inode.durable.slice(),
    size: inode.durable.length,
  };
  for (const write of inode.pending) {
    if (write.kind === 'truncate') {
      if (random.below(2) === 0) apply(result, write);
      continue;
    }
    // One write in four reaches the disk whole, one not at all, the others in part.
    const mood = random.below(4);
    if (mood === 0) continue;
    let at = 0;
    while (at < write.bytes.length) {
      const position = write.position + at;
      const end = Math.min(write.bytes.length, at + SECTOR_BYTES - (position % SECTOR_BYTES));
      if (mood === 1 || random.below(2) === 0) {
        apply(result, { kind: 'write', position, bytes: write.bytes.subarray(at, end) });
      }
      at = end;
    }
  }
  return result.current.slice(0, result.size);
}

function change(folder: Folder, made: FolderChange): void {
  for (const name of made.remove) folder.current.delete(name);
  for (const [name, entry] of made.add) folder.current.set(name, entry);
  folder.pending.push(made);
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
