import ArgumentParser
import Stages

/// Commands that only read.
extension CacheCommand {
  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print how much a cache holds, its recipe, and a hash of its content.")
    @OptionGroup var options: Options
    func run() throws {
      try options.show(options.stage().info()) { $0.flatMap(CacheView.lines) }
    }
  }

  struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Count images, regions, bytes, failures and units; list the runs.")
    @OptionGroup var options: Options
    func run() throws {
      try options.show(options.stage().statistics()) { $0.flatMap(CacheView.lines) }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Compare a cache with its promises; exit code 65 when one is broken.")
    @OptionGroup var options: Options
    @Flag(help: "Hash the files, but do not decode what they hold.")
    var quick = false
    func run() throws {
      let found = try options.stage().verify(quickly: quick)
      try options.show(found) { $0.flatMap(CacheView.lines) }
      if let error = CacheStage.refusal(of: found.flatMap(\.problems)) { throw error }
    }
  }
}
