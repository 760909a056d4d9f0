import ArgumentParser
import Stages
import Support

/// Commands that write.
extension CacheCommand {
  struct Repair: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Put right what a full check finds, without losing anything sound.",
      discussion: """
        Whole shards are adopted, the sound images of damaged ones kept, damaged files moved to the \
        cache's folder 'quarantine' and their other images queued again. So are images whose files \
        are not what was embedded; each file is read for that.
        """)
    @OptionGroup var cache: Folder
    @OptionGroup var output: Output
    func run(on console: Console) throws {
      let done = try cache.stage(isMended: true).repair()
      try output.show(done) { $0.flatMap(CacheView.lines) }
      if let error = CacheStage.refusal(of: done.flatMap(\.remaining)) { throw error }
    }
  }

  struct Reindex: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Rebuild a catalogue from the shards.")
    @OptionGroup var cache: Folder
    @OptionGroup var output: Output
    func run(on console: Console) throws {
      try output.show(cache.stage(isMended: true).reindex()) {
        $0.map { "\($0): rebuilt from the shards" }
      }
    }
  }

  struct Garbage: Verb {
    static let configuration = CommandConfiguration(
      commandName: "gc",
      abstract: "List files that nobody needs: of dead writers, in quarantine, of unused recipes.")
    @OptionGroup var cache: Folder
    @OptionGroup var output: Output
    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "The recipes in use, by the names of their folders; every other cache is garbage.",
        valueName: "recipe"))
    var keep: [String] = []
    @Flag(help: "Remove the files; without this, nothing is removed.")
    var delete = false
    func run(on console: Console) throws {
      let garbage = try cache.stage().collectGarbage(
        keeping: keep.isEmpty ? nil : keep, removing: delete)
      try output.show(garbage, CacheView.lines)
    }
  }

  struct Merge: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Add what another cache of the same recipe holds, or what parts put into a pool.",
      discussion: """
        With a second folder, that cache is added to the first. With --pipeline and --data the folder \
        is the pool of 'vild embed --part', whose shards are compared with their hashes and brought \
        into the run's cache; exit code 75 where units are missing, with the parts to be run again.
        """)
    @Argument(
      help: ArgumentHelp("The cache to add to, or a pool.", valueName: "folder"))
    var folder: String
    @Argument(help: ArgumentHelp("The other cache, which is only read.", valueName: "other"))
    var other: String?
    @OptionGroup var pooled: PoolOptions
    @OptionGroup var output: Output

    func validate() throws {
      guard (other == nil) == (pooled.pipeline != nil), (other == nil) == (pooled.data != nil),
        other == nil || pooled.parts == nil
      else {
        throw ValidationError("either another cache, or a pool with --pipeline and --data")
      }
    }

    func run(on console: Console) throws {
      if let chain = try pooled.chain(on: console) {
        try pooled.show(
          EmbedStage.merge(chain, pool: folder, parts: pooled.parts), asJSON: output.json)
      } else if let other {
        try output.show(CacheStage(folder: folder).merge(other), CacheView.lines)
      }
    }
  }
}
