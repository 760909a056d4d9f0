import ArgumentParser
import Stages
import Support

struct ProposalsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals", abstract: "Look at offline proposals and convert them.",
    subcommands: [Convert.self, Info.self])

  struct Input: ParsableArguments {
    @Argument(help: ArgumentHelp("Proposals: JSON Lines or COCO results.", valueName: "file"))
    var file: String
    @Option(
      help: ArgumentHelp("COCO annotations of the images, for recall too.", valueName: "file"))
    var annotations: String?

    func stage(on console: Console) throws -> ProposalFiles {
      try ProposalFiles(file, annotations: annotations, report: console)
    }
  }

  struct Convert: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Write the proposals that pass some bounds in the one format or the other.",
      discussion: """
        Images without proposals stay. COCO results need the annotations, which say what images \
        there are, and should be told where they come from.
        """)
    @OptionGroup var input: Input
    @Option(
      help: ArgumentHelp(
        "Where to: COCO results if it ends in .json, else JSON Lines.", valueName: "file"))
    var output: String
    @Option(
      help: ArgumentHelp(
        "What trained the proposal network: names between semicolons, or a file of them.",
        valueName: "names"))
    var labels: String?
    @Option(help: ArgumentHelp("What made the boxes.", valueName: "words"))
    var source: String?
    @Option(
      help: ArgumentHelp("IoU above which a worse box was dropped; 1 without.", valueName: "number")
    )
    var nms: Double?
    @Option(help: ArgumentHelp("The least width in pixels.", valueName: "number"))
    var minWidth: Float = 0
    @Option(help: ArgumentHelp("The least height in pixels.", valueName: "number"))
    var minHeight: Float = 0
    @Option(help: ArgumentHelp("The least area in square pixels.", valueName: "number"))
    var minArea: Float = 0
    @Option(help: ArgumentHelp("The least score.", valueName: "number"))
    var minScore: Float = 0
    @Option(help: ArgumentHelp("The most boxes an image.", valueName: "number"))
    var top: Int?

    func validate() throws {
      if let top, top < 0 { throw ValidationError("--top is a number of boxes") }
      if let nms, !(0...1).contains(nms) { throw ValidationError("--nms is an IoU, in 0...1") }
    }

    func run(on console: Console) throws {
      try input.stage(on: console).convert(
        to: output, origin: .init(labels: labels, source: source, nms: nms),
        bounds: .init(
          width: minWidth, height: minHeight, area: minArea, score: minScore, top: top))
    }
  }

  struct Info: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Print where proposals come from, how many there are, and their recall.")
    @OptionGroup var input: Input
    @Flag(help: "Print JSON.")
    var json = false
    func run(on console: Console) throws { try input.stage(on: console).info(asJSON: json) }
  }
}
