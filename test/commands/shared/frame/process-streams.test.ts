import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { ProcessOutput } from '../../../../src/commands/shared/frame/process-streams.js';

it('waits for the last bytes of a slow reader, however few they are, and not for one that has gone', async () => {
  let reader: Socket | undefined;
  const server = createServer((socket) => {
    reader = socket.pause();
  }).listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const writer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise((ready) => writer.once('connect', ready));
  let closed = 0;
  const output = new ProcessOutput(writer as unknown as NodeJS.WriteStream, () => closed++);
  while (output.pending() === 0) output.write(new Uint8Array(8192));
  let flushed = false;
  const waiting = output.flushed().then(() => {
    flushed = true;
  });
  expect(flushed).toBe(false);
  reader!.resume();
  await waiting;
  expect(output.pending()).toBe(0);
  reader!.pause();
  while (output.pending() === 0) output.write(new Uint8Array(8192));
  const last = output.flushed();
  reader!.destroy();
  await last;
  await expect.poll(() => closed).toBe(1);
  writer.destroy();
  server.close();
});

it('hands on the lines of one turn in one piece, in the order of both outputs', async () => {
  const written: string[] = [];
  const node = (): NodeJS.WriteStream =>
    new Writable({
      decodeStrings: false,
      write(chunk: string | Uint8Array, _encoding, done) {
        written.push(Buffer.from(chunk as string).toString());
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  const stdout = new ProcessOutput(node(), () => undefined);
  const stderr = new ProcessOutput(node(), () => undefined, stdout);
  stdout.write('1\n');
  stdout.write('2\n');
  expect(stdout.pending()).toBe(4);
  stderr.write('note\n');
  stdout.write('3\n');
  stdout.write(new TextEncoder().encode('4\n'));
  stdout.write('5\n');
  await stderr.flushed();
  await stdout.flushed();
  expect(written).toEqual(['1\n2\n', 'note\n', '3\n', '4\n', '5\n']);
});
