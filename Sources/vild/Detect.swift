import ArgumentParser
import Stages
import Support

struct Detect: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Label every image under a folder with any category names.",
    discussion: """
      Writes COCO results, JSON lines with one image a line, and pictures with the boxes drawn on \
      them. Images are turned upright as their EXIF orientation says. An image that cannot be read \
      is recorded with the reason.

      Names are given between semicolons, synonyms after bars ('sofa|couch;traffic light'), or \
      in a file: one a line, where lines that begin with # are passed over; JSON, a list, {"0": \
      "cat"} or an object with names, id2label or categories; a CSV table with a column name; or \
      YOLO's data.yaml. A lone word that is a file, or looks like the path of one, is read; \
      'cat;' is always the name.
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("The folder of images; folders in it too.", valueName: "folder"))
  var corpus: String

  @Option(
    help: ArgumentHelp(
      "Category names, or a file of them; the pipeline's own without.",
      valueName: "names"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      """
      Use this student instead of the pipeline's: the file of a finished one, or a checkpoint of \
      one in training, or its folder.
      """, valueName: "student"))
  var student: String?

  @Flag(inversion: .prefixedNo, help: "Draw the detections on copies of the images.")
  var pictures = true

  @Flag(help: "Leave images that failed before as they are, instead of trying them again.")
  var noRetry = false

  func run(on console: Console) throws {
    try DetectStage(
      options.chain(on: console), corpus: corpus, classes: classes, drawsPictures: pictures,
      student: student, retries: !noRetry
    ).execute()
  }
}
