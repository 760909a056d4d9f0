public import ArgumentParser
public import Cache
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
        compared with those in the cache, wherever these were computed.
        """)
    @OptionGroup var cache: Folder
    @Flag(help: "Hash the files, but do not decode what they hold.")
    var quick = false
    @Option(
      help: ArgumentHelp(
        "Embed so many images anew, or a share of them such as 5%; needs --pipeline and --data.",
        valueName: "images"))
    var sample: RegionCache.SampleSize?
    @Option(
      help: ArgumentHelp(
        "With --sample: the least cosine; 0.9999 without, 0.9995 for a teacher in bfloat16.",
        valueName: "number"))
    var cosine: Double?
    @Option(help: ArgumentHelp("With --sample: draws the images.", valueName: "number"))
    var seed: UInt64?
    @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
    var pipeline: String?
    @Option(
      help: ArgumentHelp(
        "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
    var data: String?
    @OptionGroup var output: Output

    func validate() throws {
      guard sample != nil || cosine == nil && seed == nil else {
        throw ValidationError("--cosine and --seed go with --sample")
      }
      guard (-1...1).contains(cosine ?? 0) else { throw ValidationError("--cosine: -1 to 1") }
      guard (sample == nil) == (pipeline == nil), (sample == nil) == (data == nil) else {
        throw ValidationError("--sample, --pipeline and --data go together")
      }
    }

    func run(on console: Console) throws {
      var found = try cache.stage().verify(quickly: quick)
      if let sample, let pipeline, let data {
        let run = try Run(PipelineFile.load(path: pipeline), data: data, runs: "runs")
        try cache.stage().sample(
          sample, seed: seed ?? 0, bound: cosine, by: Chain(run, report: console),
          into: &found)
      }
      try output.show(found) { $0.flatMap(CacheView.lines) }
      if let error = CacheStage.refusal(of: found.flatMap(\.problems)) { throw error }
    }
  }
}

extension RegionCache.SampleSize: ExpressibleByArgument {
  /// "100" images, or "5%" of them.
  public init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let share = Double(argument.dropLast()), share > 0, share <= 100 else { return nil }
      self = .share(share / 100)
    } else {
      guard let images = Int(argument), images > 0 else { return nil }
      self = .images(images)
    }
  }
}
