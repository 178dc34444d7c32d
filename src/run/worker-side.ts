import type { ClientSettings } from '../connect/kafka/interfaces.js';
import type { PipelineRun, RunEdges, RunListener } from './interfaces.js';
import { startPipelineRun } from './pipeline-run.js';
import { type FromWorker, type Line, receiveError, SENT_EVENTS, sendError, type ToWorker } from './worker-link.js';

/** Runs a pipeline in a worker thread, as the other end of `line` says. */
export function serveWorker(line: Line<ToWorker, FromWorker>, edges: RunEdges): void {
  let run: PipelineRun | undefined;
  let waiting: { resolve(settings: ClientSettings): void; reject(error: Error): void } | undefined;
  const connect = (): Promise<ClientSettings> =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      line.send({ kind: 'connect' });
    });
  const listener: RunListener = {
    rows: (rows) => line.send({ kind: 'rows', count: rows.length }),
    progress: (snapshot) => line.send({ kind: 'snapshot', snapshot }),
    ...Object.fromEntries(
      SENT_EVENTS.map((name) => [name, (value: unknown) => line.send({ kind: 'event', name, value })]),
    ),
  };
  const take = (message: ToWorker): void => {
    switch (message.kind) {
      case 'start': {
        const { files, placeName, ...options } = message.start;
        const place = {
          edges,
          connect,
          findFile: (path: string) => files[path] ?? path,
          ...(placeName === undefined ? {} : { name: placeName }),
        };
        run = startPipelineRun({ ...options, place, listener });
        void run.done.then(({ error, ...summary }) => {
          line.send({ kind: 'done', summary, error: error && sendError(error) });
          line.close();
        });
        return;
      }
      case 'connected':
        if (message.settings) waiting?.resolve(message.settings);
        else waiting?.reject(receiveError(message.error!));
        return;
      case 'stop':
        void run?.stop();
        return;
      case 'pause':
        run?.pause();
        return;
      case 'resume':
        run?.resume();
    }
  };
  line.listen(take, () => void run?.stop());
}
