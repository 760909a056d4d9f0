import Datasets
public import Detection
import Evaluation
public import Exporting
import Foundation
public import Support

/// Writes the detections of a finished `detect` or `evaluate` in a form that other programs load. Nothing
/// is recorded of it, and nothing depends on it.
public struct ExportStage {
  /// What is exported, and as what.
  public struct Request: Sendable {
    public var format: DetectionFormat
    /// Where to: a file or, as the format says, a folder.
    public var output: String
    /// A thresholds file; nil for none.
    public var thresholds: String?
    /// The least score of names that the file has none for.
    public var threshold: Double?
    /// The most detections an image.
    public var top: Int?
    /// Which detections are duplicates of better ones; nil leaves them as they are.
    public var suppression: PostProcessing.Suppression?
    /// The IoU above which one is.
    public var overlap: Double
    /// The folder of the images, for the formats that have images beside them.
    public var images: String?
    /// What stands before an image's name in its address, for Label Studio.
    public var imagePrefix: String?

    public init(
      format: DetectionFormat, output: String, thresholds: String? = nil, threshold: Double? = nil,
      top: Int? = nil, suppression: PostProcessing.Suppression? = nil, overlap: Double = 0.5,
      images: String? = nil, imagePrefix: String? = nil
    ) {
      (self.format, self.output, self.thresholds) = (format, output, thresholds)
      (self.threshold, self.top, self.suppression) = (threshold, top, suppression)
      (self.overlap, self.images, self.imagePrefix) = (overlap, images, imagePrefix)
    }
  }

  private static let name = "export"
  private static let unit = 1_000_000

  private let folder: String
  private let request: Request
  private let report: Console

  /// - Parameter folder: of the outputs of `detect` or `evaluate`, or one of the files of detections that
  ///   these print.
  public init(folder: String, _ request: Request, report: Console) {
    (self.folder, self.request, self.report) = (folder, request, report)
  }

  /// Writes the export and prints where it is.
  ///
  /// - Throws: `InputError` for a folder without finished detections (`missingInput`), and as
  ///   `DetectionExport.write`; `Stopped` after a signal.
  public func execute() throws {
    let finished = try FinishedDetections(folder)
    let detections = finished.path
    if let images = request.images, !Files.isFolder(images) {
      throw InputError(
        .missingInput, "no such folder", at: images, expected: "the folder of the images")
    }
    try finished.refuse(request.output, "the export")
    let names = try DetectionFile.Reader(path: detections).header.categories
    let choice = try choice(for: names)
    let ids: [Int]? =
      switch request.format {
      case .coco, .lvis: try categoryIDs(of: names, in: finished.stage)
      default: nil
      }
    let export = DetectionExport(
      of: detections, as: request.format, choosing: choice,
      .init(categoryIDs: ids, images: request.images, imagePrefix: request.imagePrefix))
    let size = Files.size(of: detections) ?? 0
    let progress = StageProgress(stage: Self.name, unit: "MB", total: size / Self.unit, on: report)
    var (bytes, shown) = (0, 0)
    let summary = try export.write(to: request.output) {
      try finished.check("exported")
    } advance: { length in
      bytes += length
      progress.advance(by: bytes / Self.unit - shown)
      shown = bytes / Self.unit
    }
    progress.finish()
    say(summary)
    try StandardOutput.print(request.output)
  }

  private func choice(for names: [String]) throws(InputError) -> DetectionChoice {
    DetectionChoice(
      thresholds: try CategoryThresholds(
        given: request.thresholds, others: request.threshold, for: names
      ) { report.say(Self.name, $0) },
      threshold: request.threshold ?? 0, top: request.top, suppression: request.suppression,
      overlap: request.overlap)
  }

  /// Those of the annotations for an evaluation.
  private func categoryIDs(of names: [String], in stage: StageFolder) throws(InputError) -> [Int] {
    let path = stage.file("images.json")
    let categories = try COCODataset.categories(path: path)
    let ids = Dictionary(categories.map { ($0.name, $0.id) }) { first, _ in first }
    return try names.map { name throws(InputError) in
      guard let id = ids[name] else {
        throw InputError(
          .badData, "a category is missing", at: path, expected: "'\(name)'",
          hint: "run the same command that made it again")
      }
      return id
    }
  }

  private func say(_ summary: DetectionExport.Summary) {
    let failed = summary.failures == 0 ? "" : ", \(summary.failures) failed and left out"
    let least = summary.leastScore.map { " from score \($0) on" } ?? ""
    report.say(
      Self.name,
      "\(summary.images.counted("image"))\(failed); \(summary.detections.counted("detection"))"
        + "\(least), \(summary.leftOut) left out")
    if request.threshold == nil && request.thresholds == nil && summary.detections > 0 {
      report.say(
        Self.name,
        "all scores are there; --threshold 0.3, or a file of 'vild evaluate --choose-thresholds', "
          + "leaves out what is likely wrong")
    }
    if request.format.isFolder && request.images == nil {
      report.say(
        Self.name,
        "the images are to be beside it; --images folder makes a link to them")
    }
  }
}
