import ArgumentParser
import Stages

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Look at teacher caches, check and mend them.",
    subcommands: [Info.self, Verify.self, Reindex.self, Export.self])

  struct Folder: ParsableArguments {
    @Argument(
      help: ArgumentHelp("The folder of one cache or of several.", valueName: "folder"))
    var folder: String

    func stage() throws -> CacheStage { try CacheStage(folder: folder) }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print how much a cache holds, its recipe, and a hash of its content.")
    @OptionGroup var cache: Folder
    func run() throws { try cache.stage().info() }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compare a cache with its promises; exit code 65 when one is broken.")
    @OptionGroup var cache: Folder
    @Flag(help: "Hash the files, but do not decode what they hold.")
    var quick = false
    func run() throws { try cache.stage().verify(quickly: quick) }
  }

  struct Reindex: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rebuild a catalogue from the shards.")
    @OptionGroup var cache: Folder
    func run() throws { try cache.stage().reindex() }
  }
}
