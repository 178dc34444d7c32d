/** The little that groups need to know of a topic. */
export interface DirectoryTopic {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly id: string;
  readonly partitions: ArrayLike<unknown>;
}

/** The topics of the broker as groups see them. */
export interface TopicDirectory {
  byName(name: string): DirectoryTopic | undefined;
  byId(id: string): DirectoryTopic | undefined;
  list(): readonly DirectoryTopic[];
}
