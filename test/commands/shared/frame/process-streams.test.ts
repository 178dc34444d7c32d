import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
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
