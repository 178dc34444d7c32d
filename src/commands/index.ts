import type { CommandEntry } from './shared/frame/command.js';

/** First words that are no commands themselves, with their line in the help. */
export const GROUPS: Readonly<Record<string, string>> = {
  topics: 'create, look at and change topics',
  groups: 'look at consumer groups and move them',
  pipelines: 'the built-in pipelines and your own',
  broker: 'the embedded broker of this folder',
  cluster: 'the cluster that commands talk to',
  config: 'where settings come from',
  context: 'named settings, kept for you',
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: 'topics create',
    summary: 'create topics, or all topics of a pipeline',
    load: async () => (await import('./topics-create.js')).topicsCreate,
  },
  {
    path: 'topics list',
    summary: 'list topics',
    load: async () => (await import('./topics-list.js')).topicsList,
  },
  {
    path: 'topics describe',
    summary: 'show partitions, offsets and settings of topics',
    load: async () => (await import('./topics-describe.js')).topicsDescribe,
  },
  {
    path: 'topics alter',
    summary: 'change settings of topics, or add partitions',
    load: async () => (await import('./topics-alter.js')).topicsAlter,
  },
  {
    path: 'topics trim',
    summary: 'delete the records before an offset',
    load: async () => (await import('./topics-trim.js')).topicsTrim,
  },
  {
    path: 'topics apply',
    summary: 'make topics as a file says',
    load: async () => (await import('./topics-apply.js')).topicsApply,
  },
  {
    path: 'topics diff',
    summary: 'compare a file of topics with what is there',
    load: async () => (await import('./topics-diff.js')).topicsDiff,
  },
  {
    path: 'topics delete',
    summary: 'delete topics with all their records',
    load: async () => (await import('./topics-delete.js')).topicsDelete,
  },
  {
    path: 'groups list',
    summary: 'list consumer groups',
    load: async () => (await import('./groups-list.js')).groupsList,
  },
  {
    path: 'groups describe',
    summary: 'show members, offsets and lag of groups',
    load: async () => (await import('./groups-describe.js')).groupsDescribe,
  },
  {
    path: 'groups seek',
    summary: 'move the offsets of a group',
    load: async () => (await import('./groups-seek.js')).groupsSeek,
  },
  {
    path: 'groups wait',
    summary: 'wait until a group has caught up',
    load: async () => (await import('./groups-wait.js')).groupsWait,
  },
  {
    path: 'groups delete',
    summary: 'delete groups with their offsets',
    load: async () => (await import('./groups-delete.js')).groupsDelete,
  },
  {
    path: 'produce',
    summary: 'send lines or files as records',
    load: async () => (await import('./produce.js')).produce,
  },
  {
    path: 'consume',
    summary: 'read records of topics',
    aliases: ['cat', 'tail'],
    load: async () => (await import('./consume.js')).consume,
  },
  {
    path: 'replay',
    summary: 'send a file as a stream, in timed batches',
    load: async () => (await import('./replay.js')).replay,
  },
  {
    path: 'poll',
    summary: 'poll an API into a topic, politely and without repeats',
    load: async () => (await import('./poll.js')).poll,
  },
  {
    path: 'simulate',
    summary: 'a plausible source for a built-in pipeline, without network',
    load: async () => (await import('./simulate.js')).simulate,
  },
  {
    path: 'run',
    summary: 'run a pipeline: its sources, its query, its sinks',
    load: async () => (await import('./run.js')).run,
  },
  {
    path: 'watch',
    summary: 'a live dashboard of a pipeline or a topic',
    load: async () => (await import('./watch.js')).watch,
  },
  {
    path: 'demo',
    summary: 'see it all at work in ten seconds; nothing is left behind',
    load: async () => (await import('./demo.js')).demo,
  },
  {
    path: 'pipelines list',
    summary: 'list pipelines',
    load: async () => (await import('./pipelines-list.js')).pipelinesList,
  },
  {
    path: 'pipelines show',
    summary: 'show a pipeline as data, the way a file of your own says one',
    load: async () => (await import('./pipelines-show.js')).pipelinesShow,
  },
  {
    path: 'pipelines init',
    summary: 'write a pipeline of your own to begin with',
    load: async () => (await import('./pipelines-init.js')).pipelinesInit,
  },
  {
    path: 'pipelines explain',
    summary: 'say what a pipeline does, step by step, or as Flink SQL',
    load: async () => (await import('./pipelines-explain.js')).pipelinesExplain,
  },
  {
    path: 'test',
    summary: 'test pipelines with virtual time, without a broker',
    load: async () => (await import('./test.js')).test,
  },
  {
    path: 'broker start',
    summary: 'run the embedded broker',
    load: async () => (await import('./broker-start.js')).brokerStart,
  },
  {
    path: 'broker status',
    summary: 'tell whether the embedded broker runs, and where',
    load: async () => (await import('./broker-status.js')).brokerStatus,
  },
  {
    path: 'broker stop',
    summary: 'end the embedded broker',
    load: async () => (await import('./broker-stop.js')).brokerStop,
  },
  {
    path: 'broker reset',
    summary: 'end the embedded broker and delete all its data',
    load: async () => (await import('./broker-reset.js')).brokerReset,
  },
  {
    path: 'broker serve',
    summary: 'run the embedded broker for other commands',
    hidden: true,
    load: async () => (await import('./broker-serve.js')).brokerServe,
  },
  {
    path: 'cluster info',
    summary: 'show brokers, controller and the APIs offered',
    load: async () => (await import('./cluster-info.js')).clusterInfo,
  },
  {
    path: 'config show',
    summary: 'show every setting and where it comes from',
    load: async () => (await import('./config-show.js')).configShow,
  },
  {
    path: 'context list',
    summary: 'list named settings',
    load: async () => (await import('./context-list.js')).contextList,
  },
  {
    path: 'context create',
    summary: 'keep --brokers and -X settings under a name',
    load: async () => (await import('./context-create.js')).contextCreate,
  },
  {
    path: 'context use',
    summary: 'make a context the current one',
    load: async () => (await import('./context-use.js')).contextUse,
  },
  {
    path: 'context delete',
    summary: 'forget named settings',
    load: async () => (await import('./context-delete.js')).contextDelete,
  },
  {
    path: 'doctor',
    summary: 'look whether this machine and the broker are fit to work',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    path: 'completion',
    summary: 'print a completion script for your shell',
    load: async () => (await import('./completion.js')).completion,
  },
];
