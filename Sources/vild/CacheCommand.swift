import ArgumentParser
import Stages
import Support

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Look at teacher caches, check and mend them.",
    discussion: """
      Exit codes: 0 sound, or done; 65 damage found; 66 no cache here; 75 workers are using the \
      cache, or something else is in the way for now.
      """,
    subcommands: [
      Info.self, Stats.self, Verify.self, Repair.self, Reindex.self, Garbage.self, Merge.self,
      Export.self, Import.self,
    ])

  struct Folder: ParsableArguments {
    @Argument(
      help: ArgumentHelp("The folder of one cache or of several.", valueName: "folder"))
    var folder: String

    func stage(isMended: Bool = false) throws -> CacheStage {
      try CacheStage(folder: folder, isMended: isMended)
    }
  }

  struct Output: ParsableArguments {
    @Flag(help: "Print JSON, as schemas/cache-reports.md describes it.")
    var json = false

    /// Prints one value, for programs or for people.
    func show<Value: Encodable>(_ value: Value, _ lines: (Value) -> [String]) throws {
      try StandardOutput.print(value, asJSON: json, lines)
    }
  }
}
