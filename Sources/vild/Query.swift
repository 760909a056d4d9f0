import ArgumentParser
import Stages
import Support

struct Query: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Label a stored corpus with other names; no detector runs.",
    discussion: """
      Finds detections among the regions that 'vild detect' stored of the corpus, and writes the same \
      files: the results are those of 'vild detect' with these names. No image is read, unless \
      pictures are drawn; an image that the store lacks is an error.
      """)

  @OptionGroup var options: RunOptions

  @Option(
    help: ArgumentHelp(
      "A folder of images, a list of paths (- for standard input), tar files, or annotations.",
      valueName: "images"))
  var corpus: String

  @Option(help: ArgumentHelp("The images of the annotations.", valueName: "folder"))
  var images: String?

  @Option(
    help: ArgumentHelp(
      "Category names, or a file of them; the pipeline's own without.",
      valueName: "names"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Attributes to tell apart, as the names of categories are given, two or more.",
      valueName: "names"))
  var attributes: String?

  @Option(
    help: ArgumentHelp(
      """
      Use this student instead of the pipeline's: the file of a finished one, or a checkpoint of \
      one in training, or its folder.
      """, valueName: "student"))
  var student: String?

  @Flag(inversion: .prefixedNo, help: "Draw the detections on copies of the images.")
  var pictures = false

  func run(on console: Console) throws {
    try DetectStage(
      options.chain(on: console), corpus: corpus, images: images, classes: classes,
      attributes: attributes, drawsPictures: pictures, student: student, regions: .store
    ).execute()
  }
}
