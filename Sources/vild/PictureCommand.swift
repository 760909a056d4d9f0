import ArgumentParser
import Stages
import Support

struct PictureCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "picture",
    abstract: "Make one picture of a few photographs with their detections, for a README.",
    discussion: """
      Draws an evaluation's detections on photographs of the validation images, or with --on and \
      --images on those of another data set, and puts them together as a JPEG. Names of which training \
      saw no label are dashed and have a star. Only photographs whose licence, by its id in the \
      annotations, is allowed are shown; beside the picture goes a Markdown file with a line of credit \
      and links for each. Without --photographs the best are chosen.
      """)

  @OptionGroup var options: RunOptions

  @Option(
    help: ArgumentHelp("Annotations of another data set, with --images.", valueName: "annotations"))
  var on: String?

  @Option(help: ArgumentHelp("The images of the other data set.", valueName: "folder"))
  var images: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The ids of the licences that allow it.", valueName: "id"))
  var licences: [Int]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Their file names, in the order to show them in.", valueName: "file"))
  var photographs: [String] = []

  @Option(help: "How many are chosen without --photographs.")
  var count = 6

  @Option(
    help: ArgumentHelp(
      "The least score that is drawn; the pipeline's detection.draw_threshold without.",
      valueName: "score"))
  var threshold: Float?

  @Option(help: ArgumentHelp("The picture's width.", valueName: "pixels"))
  var width = 1200

  @Option(
    help: ArgumentHelp(
      "The picture's size at most, in 1,000 bytes; its quality follows.", valueName: "number"))
  var kilobytes = 300

  @Option(help: ArgumentHelp("The JPEG to write.", valueName: "file"))
  var output: String

  func validate() throws {
    guard (on == nil) == (images == nil) else {
      throw ValidationError("--on and --images go together")
    }
    guard !licences.isEmpty else { throw ValidationError("--licences: at least one id") }
    guard (1...100).contains(count), photographs.count <= 100 else {
      throw ValidationError("1 to 100 photographs")
    }
    guard (100...10_000).contains(width) else {
      throw ValidationError("--width: 100 to 10000 pixels")
    }
    guard kilobytes > 0, kilobytes <= 1_000_000 else {
      throw ValidationError("--kilobytes: 1 to 1000000")
    }
    guard (0...1).contains(threshold ?? 0) else { throw ValidationError("--threshold: 0 to 1") }
    guard ["jpg", "jpeg"].contains(where: { output.lowercased().hasSuffix(".\($0)") }) else {
      throw ValidationError("--output: the name of a JPEG, which ends in .jpg")
    }
  }

  func run(on console: Console) throws {
    let target = on.flatMap { on in
      images.map { EvaluateStage.Target(annotations: on, images: $0) }
    }
    try PictureStage(
      options.chain(on: console), on: target,
      choice: .init(
        licences: licences, photographs: photographs, count: count, threshold: threshold,
        width: width, kilobytes: kilobytes), output: output
    ).execute()
  }
}
