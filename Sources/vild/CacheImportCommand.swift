import ArgumentParser
import Stages
import Support

extension CacheCommand {
  struct Import: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Add vectors that were computed elsewhere to the run's cache.",
      discussion: """
        The files are NumPy archives (.npz) or safetensors files as schemas/vectors.md describes them, \
        those of pipelines/export/embed_elsewhere.py or of 'vild cache export' among them. All of them \
        are checked before anything is added: the recipe, each image's file and proposals, finite vectors \
        of length 1, the files' checksums. What is added is as if 'vild embed' had made it, which goes \
        on with what is missing.

        Stopped or killed, the same command goes on. Images that are there already are compared.
        """)

    @Argument(
      help: ArgumentHelp(
        "Files that end in .npz or .safetensors, and folders of such files.", valueName: "path"))
    var paths: [String]

    @OptionGroup var options: RunOptions

    @Flag(
      help: """
        Leave out images that have changed since they were listed, their files or their proposals, \
        instead of ending with 65.
        """)
    var skipChanged = false

    @OptionGroup var output: Output

    func run(on console: Console) throws {
      let done = try EmbedStage.importVectors(
        options.chain(on: console), from: paths, skippingChanged: skipChanged)
      try output.show(done) { $0.lines }
    }
  }
}
