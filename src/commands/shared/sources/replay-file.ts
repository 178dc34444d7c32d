import { formatDuration } from '../../../base/time.js';
import { RowBlock } from '../../../connect/codecs/row-block.js';
import type { KafkaClient } from '../../../connect/kafka/client.js';
import { createMissingTopics } from '../../../connect/kafka/create-topics.js';
import type { ReplayOptions, ReplayReport, ReplayTimestamps } from '../../../connect/sources/replay/interfaces.js';
import { passOver } from '../../../connect/sources/replay/pass-over.js';
import { runReplay } from '../../../connect/sources/replay/run-replay.js';
import { formatCount, groupDigits } from '../../../ui/text/numbers.js';
import type { Context } from '../frame/context.js';
import type { OpenedFile } from './open-file.js';
import { type ReplayFlags, readPacing } from './replay-flags.js';
import { ReplayProgress } from './replay-progress.js';

const DRY_ROWS = 1_000;

/** Sends a file. @throws ReplayError */
export async function replayFile(
  context: Context,
  client: KafkaClient,
  { source, reader, bad, target }: OpenedFile,
  flags: ReplayFlags,
  resume = flags.resume,
): Promise<ReplayReport> {
  const { topic } = target;
  const lotsTopic = `${topic}-lots`;
  const made = await createMissingTopics(client, [
    { name: topic, partitions: flags.partitions ?? target.partitions, configs: target.configs },
    { name: lotsTopic, partitions: 1, configs: { 'retention.ms': '-1' } },
  ]);
  if (made.includes(topic)) context.note(context.say('topic {1} was created', topic));
  const timestamps = timestampsOf(flags);
  if (timestamps === 'event' && !made.includes(topic)) await warnOfRetention(context, client, topic);
  const limit = Math.min(flags.limit ?? Number.POSITIVE_INFINITY, context.stream.remaining);
  const progress = new ReplayProgress(context, source, reader, limit);
  const options: ReplayOptions = {
    topic,
    lotsTopic,
    quarantineTopic: `${topic}-quarantine`,
    source: source.name,
    batch: flags.batch,
    pacing: readPacing(flags),
    timestamps,
    from: flags.from,
    limit,
    loops: flags.loop === 0 ? Number.POSITIVE_INFINITY : flags.loop,
    resume,
    signal: context.signal,
    ...(flags.compression ? { compression: flags.compression } : {}),
    onTrouble: (error) => context.warn(`${error.message}; trying again`),
    onLot: (lot) => {
      progress.lot(lot);
      context.stream.rows(lot.rows - lot.alreadyThere);
    },
  };
  try {
    const report = await runReplay(client, reader, bad, options);
    progress.close();
    tellReport(context, report);
    return report;
  } finally {
    progress.close();
  }
}

function timestampsOf({ time, align }: ReplayFlags): ReplayTimestamps {
  if (time === undefined) return 'now';
  return align === 'now' ? 'moved' : 'event';
}

/** Old records in a topic that deletes by age are gone within minutes. */
async function warnOfRetention(context: Context, client: KafkaClient, topic: string): Promise<void> {
  const { openAdmin } = await import('../../../connect/kafka/admin.js');
  const admin = openAdmin(client);
  try {
    const entries = (await admin.describeTopicConfigs([topic])).get(topic) ?? [];
    const retentionMs = Number(entries.find(({ name }) => name === 'retention.ms')?.value ?? -1);
    if (retentionMs < 0) return;
    context.warn(
      `topic ${topic} keeps records for ${formatDuration(retentionMs)}: rows with older times may be deleted within minutes ` +
        `(streamctl topics alter ${topic} -c retention.ms=-1)`,
    );
  } finally {
    await admin.close();
  }
}

function tellReport(context: Context, report: ReplayReport): void {
  const { rows, lots, topic, source, badRows, alreadyThere, elapsedMs, partitions } = report;
  const rate = elapsedMs > 0 ? ` (${formatCount((rows * 1000) / elapsedMs)} rows/s)` : '';
  const there = alreadyThere > 0 ? `, ${formatCount(alreadyThere)} were there before` : '';
  const where = partitions.length === 1 ? `, offsets ${partitions[0]!.firstOffset}-${partitions[0]!.lastOffset}` : '';
  context.note(
    `${source}: ${groupDigits(String(rows))} ${rows === 1 ? 'row' : 'rows'} in ${lots} ${lots === 1 ? 'lot' : 'lots'} to ${topic}${where}${there} in ${shownElapsed(elapsedMs)}${rate}`,
  );
  if (badRows > 0) {
    context.warn(
      `${source}: ${badRows} bad ${badRows === 1 ? 'row was' : 'rows were'} left out: ${report.badReasons.join('; ')}`,
    );
  }
  for (const remark of report.remarks) context.note(`${source}: ${remark}`);
}

/** What a file would give, without a broker. */
export async function dryRunFile(context: Context, { reader, bad, target, source }: OpenedFile, flags: ReplayFlags) {
  const limit = flags.limit ?? Number.POSITIVE_INFINITY;
  const block = new RowBlock();
  let rows = 0;
  await passOver(reader, block, bad, flags.from);
  for (let more = true; more && rows < limit && !context.signal.aborted; ) {
    more = await reader.read(block, Math.min(DRY_ROWS, limit - rows));
    rows += block.count;
    bad.drain();
    block.clear();
  }
  bad.checkShare(reader.row);
  const lots = Math.ceil(rows / flags.batch);
  context.note(
    `${source.name}: ${rows} ${rows === 1 ? 'row' : 'rows'} in ${lots} ${lots === 1 ? 'lot' : 'lots'} would go to ${target.topic}`,
  );
  for (const remark of reader.remarks()) context.note(`${source.name}: ${remark}`);
  return { source: source.name, topic: target.topic, rows, lots, badRows: bad.count, columns: reader.shape.columns };
}

/** `480ms`, `2.1s`, `3m12s`: as exact as a person needs. */
function shownElapsed(ms: number): string {
  if (ms < 1000) return formatDuration(ms);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(Math.round(ms / 1000) * 1000);
}
