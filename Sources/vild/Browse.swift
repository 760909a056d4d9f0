import ArgumentParser
import Stages
import Support

struct Browse: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Write a page to look at a labelled corpus with.",
    discussion: """
      One HTML file of at most 20 MB that needs nothing else, whatever the corpus: how often each \
      name is given, how its scores are spread, crops of the best, of those nearest to its threshold \
      and of a random sample, the images with most objects, and why images failed. Names are searched \
      for, and scores chosen, in the page. The more names there are, the fewer and smaller are the \
      crops.

      Nothing is detected again. The images are needed as they were: one that is gone or changed is \
      shown as such. Thresholds are those of --thresholds and --threshold, or else the scores that \
      the pictures of the detections begin at.
      """)

  @Argument(
    help: ArgumentHelp(
      "What 'vild detect' or 'vild evaluate' left, or the detections there.", valueName: "folder"))
  var folder: String

  @Option(
    help: ArgumentHelp(
      "The images that were labelled, as 'vild detect' was given them: a folder, a list, tar files or "
        + "annotations; for 'vild evaluate' the folder of the validation images.",
      valueName: "images"))
  var corpus: String

  @Option(help: ArgumentHelp("The folder of the images of annotations.", valueName: "folder"))
  var images: String?

  @Option(help: ArgumentHelp("The page.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "The least score of an object, of names without one in --thresholds.", valueName: "score"))
  var threshold: Double?

  @Option(
    help: ArgumentHelp(
      "A file with a score a name: that of 'vild evaluate --choose-thresholds', or JSON such as "
        + #"{"all": 0.5, "categories": {"cat": 0.6}}."#, valueName: "file"))
  var thresholds: String?

  func validate() throws {
    guard (0...1).contains(threshold ?? 0) else { throw ValidationError("--threshold: 0 to 1") }
  }

  func run(on console: Console) throws {
    try BrowseStage(
      folder: folder,
      .init(
        corpus: corpus, images: images, output: output, thresholds: thresholds,
        threshold: threshold),
      report: console
    ).execute()
  }
}
