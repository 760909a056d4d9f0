import ArgumentParser
import Stages

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Embed the regions of the proposals with the teacher.",
    discussion: """
      Writes a cache of zstd shards with a SQLite catalogue. Killed at any moment, it loses at most \
      the shard in work.
      """)

  @OptionGroup var options: RunOptions

  func run() throws { try EmbedStage(options.run(), report: Report()).execute() }
}
