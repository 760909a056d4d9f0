import ArgumentParser

/// A region store is a cache: the verbs are the cache's.
struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Look at region stores, check and mend them.",
    discussion: """
      What 'vild detect' keeps of the images of a corpus lies in the run's folder 'store'. It has the \
      form of a teacher cache, and these are the verbs of 'vild cache'. Exit codes: 0 sound, or done; \
      65 damage found; 66 no store here; 75 workers are using the store, or something else is in the \
      way for now.
      """,
    subcommands: [
      CacheCommand.Info.self, CacheCommand.Stats.self, CacheCommand.Verify.self,
      CacheCommand.Repair.self, CacheCommand.Reindex.self, CacheCommand.Garbage.self,
      Merge.self,
    ])
}
