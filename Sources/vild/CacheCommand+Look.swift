import ArgumentParser
import Pipeline
import Stages
import Support

/// Commands that only read.
extension CacheCommand {
  struct Info: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Print how much a cache holds, its recipe, and a hash of its content.")
    @OptionGroup var cache: Folder
    @OptionGroup var output: Output
    func run(on console: Console) throws {
      try output.show(cache.stage().info()) { $0.flatMap(CacheView.lines) }
    }
  }

  struct Stats: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Count images, regions, bytes, failures and units; list the runs.")
    @OptionGroup var cache: Folder
    @OptionGroup var output: Output
    func run(on console: Console) throws {
      try output.show(cache.stage().statistics()) { $0.flatMap(CacheView.lines) }
    }
  }

  struct Verify: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Compare a cache with its promises; exit code 65 when one is broken.",
      discussion: """
        An image file that does not look as it did when it was embedded is read and compared. With \
        --sample, some images are embedded anew, as the pipeline file says, and their embeddings \
        compared with those in the cache: 1 - cosine may be 0.001 at most.
        """)
    @OptionGroup var cache: Folder
    @Flag(help: "Hash the files, but do not decode what they hold.")
    var quick = false
    @Option(
      help: ArgumentHelp(
        "Embed this share of the images anew, of 0 to 1; needs --pipeline and --data.",
        valueName: "share"))
    var sample: Double?
    @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
    var pipeline: String?
    @Option(
      help: ArgumentHelp(
        "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
    var data: String?
    @OptionGroup var output: Output

    func validate() throws {
      if let sample, !(0...1).contains(sample) {
        throw ValidationError("a share of 0 to 1")
      }
      guard (sample == nil) == (pipeline == nil), (sample == nil) == (data == nil) else {
        throw ValidationError("--sample, --pipeline and --data go together")
      }
    }

    func run(on console: Console) throws {
      var found = try cache.stage().verify(quickly: quick)
      if let sample, let pipeline, let data {
        let run = try Run(PipelineFile.load(path: pipeline), data: data, runs: "runs")
        try cache.stage().sample(sample, by: Chain(run, report: console), into: &found)
      }
      try output.show(found) { $0.flatMap(CacheView.lines) }
      if let error = CacheStage.refusal(of: found.flatMap(\.problems)) { throw error }
    }
  }
}
