import Corpora
import Detection
import Evaluation
import Foundation
import Images
import Pipeline
import Reporting
public import Support

/// Writes a page to look at a labelled corpus with, of the detections of a finished `detect` or
/// `evaluate`. Nothing is recorded of it, and nothing depends on it.
public struct BrowseStage {
  /// What is shown, and from which scores on.
  public struct Request: Sendable {
    /// The images that were labelled, as `detect` was given them.
    public var corpus: String
    /// The folder of the images of annotations; nil for another corpus.
    public var images: String?
    /// Where the page goes.
    public var output: String
    /// A thresholds file; nil for none.
    public var thresholds: String?
    /// The least score of names that the file has none for.
    public var threshold: Double?

    public init(
      corpus: String, images: String? = nil, output: String, thresholds: String? = nil,
      threshold: Double? = nil
    ) {
      (self.corpus, self.images, self.output) = (corpus, images, output)
      (self.thresholds, self.threshold) = (thresholds, threshold)
    }
  }

  private static let name = "browse"
  private static let unit = 1_000_000

  private let folder: String
  private let request: Request
  private let report: Console

  /// - Parameter folder: of the outputs of `detect` or `evaluate`, or one of the files of detections that
  ///   these print.
  public init(folder: String, _ request: Request, report: Console) {
    (self.folder, self.request, self.report) = (folder, request, report)
  }

  /// Writes the page and prints where it is.
  ///
  /// - Throws: `InputError` for a folder without finished detections, a corpus that is not there
  ///   (`missingInput`), an output that cannot be created, and as `BrowsePage.write`; `Stopped` after a
  ///   signal.
  public func execute() throws {
    let finished = try FinishedDetections(folder)
    let source = try ImageSource(ofCorpus: request.corpus, images: request.images)
    try finished.refuse(request.output, "the page")
    guard !Files.isFolder(request.output) else {
      throw InputError(
        .cannotCreate, "the page cannot go here", at: request.output, expected: "a file",
        got: "a folder", hint: "name a file in it, such as browse.html")
    }
    let parent = PathText.folder(of: request.output)
    try Files.createFolder(parent.isEmpty ? "." : parent)
    let names = try DetectionFile.Reader(path: finished.path).header.categories
    let configuration = try PipelineFile.load(path: finished.stage.file(StageFolder.pipeline))
    let (scores, words) = try thresholds(of: names, finished, configuration)
    let isEvaluation = finished.stage.stage == EvaluateStage.name
    let page = BrowsePage(
      of: finished.path,
      images: BrowsedImages(
        source, limits: configuration.data.limits,
        orientation: isEvaluation ? configuration.data.orientation : .upright),
      thresholds: scores,
      .init(title: request.corpus, thresholds: words, command: command))
    let summary = try write(page, of: finished)
    say(summary)
    try StandardOutput.print(request.output)
  }

  private func write(
    _ page: BrowsePage, of finished: FinishedDetections
  ) throws -> BrowsePage.Summary {
    let size = Files.size(of: finished.path) ?? 0
    var progress = StageProgress(
      stage: Self.name, unit: "MB", total: size / Self.unit, on: report)
    var (bytes, shown) = (0, 0)
    let summary = try page.write(to: request.output) {
      try finished.check("read")
    } advance: { step in
      switch step {
      case .read(let length):
        bytes += length
        progress.advance(by: bytes / Self.unit - shown)
        shown = bytes / Self.unit
      case .chosen(let images):
        progress.finish()
        progress = StageProgress(stage: Self.name, unit: "images", total: images, on: report)
      case .cut(let isMissing): progress.advance(failures: isMissing ? 1 : 0)
      }
    }
    progress.finish()
    return summary
  }

  // MARK: - From which score on

  /// The least score of each name, and the same in words, after "detections of": as the user says, or
  /// else from where the stage's pictures are drawn, or the pipeline file's draw threshold.
  private func thresholds(
    of names: [String], _ finished: FinishedDetections, _ configuration: PipelineConfiguration
  ) throws(InputError) -> (scores: [Float], words: String) {
    let given = try CategoryThresholds(
      given: request.thresholds, others: request.threshold, for: names
    ) { report.say(Self.name, $0) }
    if let given, let path = request.thresholds {
      let other = request.threshold ?? 0
      return (names.map { Float(given.score(of: $0, or: other)) }, "the scores of \(path)")
    }
    if let score = request.threshold {
      return (names.map { _ in Float(score) }, "score \(score) or more")
    }
    let drawn =
      DetectedPictures.thresholds(in: finished.stage.path)
      ?? DrawThresholds(
        given: configuration.detection.drawThreshold,
        chosen: EvaluateStage.lastReport(in: finished.stage.path)?.boxes.thresholds)
    return (names.map { Float(drawn[$0]) }, drawn.words)
  }

  // MARK: - What is said

  private var command: String {
    let options: [(String, String?)] = [
      ("--corpus", request.corpus), ("--images", request.images),
      ("--threshold", request.threshold.map { "\($0)" }), ("--thresholds", request.thresholds),
      ("--output", request.output),
    ]
    let words = options.flatMap { name, value in value.map { [name, $0] } ?? [] }
    return (["vild", "browse", folder] + words).map(\.shellWord).joined(separator: " ")
  }

  private func say(_ summary: BrowsePage.Summary) {
    report.say(
      Self.name,
      "\(summary.images.counted("image")), \(summary.failures) failed; "
        + "\(summary.confident.counted("object")) among \(summary.detections.counted("detection")); "
        + "\(summary.crops.counted("crop")), a page of \(ByteSize.text(summary.bytes))")
    guard let first = summary.firstMissing else { return }
    report.warn(
      Self.name,
      "\(summary.missing.counted("image is", "images are")) not shown, the first of them \(first)"
        + (summary.crops == 0 ? "; is --corpus what was labelled?" : ""))
  }
}
