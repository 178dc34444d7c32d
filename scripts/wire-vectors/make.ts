// Makes test/wire/vectors.json.gz with Kafka's own Java classes, see README.md.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kafkaJson } from '../../test/wire/random-message.js';
import { SAMPLES_PER_VERSION, type VectorEntry, vectorGroups, vectorMessages } from '../../test/wire/vectors.js';

it('makes the vectors', () => {
  const libs = process.env.KAFKA_LIBS;
  if (libs === undefined) throw new Error('set KAFKA_LIBS to the libs folder of a Kafka 4.3.1 distribution');
  const folder = mkdtempSync(join(tmpdir(), 'wire-vectors-'));
  const classPath = `${join(libs, '*')}:${folder}`;
  execFileSync('javac', ['-cp', classPath, '-d', folder, join(import.meta.dirname, 'WireVectors.java')]);
  const groups = vectorGroups();
  const lines = groups.flatMap((group) =>
    vectorMessages(group).map(
      (message) => `${group.schema.name} ${group.version} ${kafkaJson(group.schema, group.version, message)}`,
    ),
  );
  const output = execFileSync('java', ['-cp', classPath, 'WireVectors'], {
    input: lines.join('\n'),
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const entries: Record<string, VectorEntry> = {};
  let at = 0;
  for (const group of groups) {
    const hash = createHash('sha256');
    const samples: string[] = [];
    for (let i = 0; i < lines.length / groups.length; i++) {
      const end = at + 4 + output.readUInt32BE(at);
      hash.update(output.subarray(at, end));
      if (i < SAMPLES_PER_VERSION) samples.push(output.toString('base64', at + 4, end));
      at = end;
    }
    entries[group.id] = { sha256: hash.digest('hex'), samples };
  }
  expect(at).toBe(output.length);
  writeFileSync('test/wire/vectors.json.gz', gzipSync(JSON.stringify(entries), { level: 9 }));
  rmSync(folder, { recursive: true });
  console.log(`${lines.length} vectors, ${output.length} bytes, ${groups.length} messages and versions`);
});
