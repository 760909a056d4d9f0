import Datasets
import Evaluation
import Foundation
import Regions
public import Support

/// Offline proposals as files: their conversion and what they are worth.
public struct ProposalFiles {
  /// What COCO results do not say of themselves.
  public struct Origin: Sendable {
    var labels: String?
    var source: String?
    var nms: Double?

    /// - Parameters:
    ///   - labels: names between semicolons, or a file of them: what trained the proposal network.
    ///   - source: what made the boxes.
    ///   - nms: the IoU above which a worse box was dropped, in 0...1.
    public init(labels: String?, source: String?, nms: Double?) {
      self.labels = labels
      self.source = source
      self.nms = nms
    }
  }

  /// The bounds of a filter; see `ProposalsFilter`.
  public struct Bounds: Sendable {
    let filter: ProposalsFilter

    /// - Parameters: in pixels, square pixels, 0...1 and boxes per image.
    public init(width: Float, height: Float, area: Float, score: Float, top: Int?) {
      filter = ProposalsFilter(
        minimumWidth: width, minimumHeight: height, minimumArea: area, minimumScore: score,
        top: top ?? .max)
    }
  }

  private let path: String
  private let annotations: COCODataset?
  private let annotationsPath: String?
  private let passedOver = PassedOver()
  private let report: Console

  /// - Parameters:
  ///   - path: JSON Lines or COCO results.
  ///   - annotations: COCO annotations of the images; COCO results need them.
  public init(_ path: String, annotations: String?, report: Console) throws(InputError) {
    self.path = path
    self.report = report
    annotationsPath = annotations
    if let annotations {
      self.annotations = try COCODataset(path: annotations, passingOver: passedOver)
    } else {
      self.annotations = nil
    }
  }

  /// Writes the proposals that pass to `output`, as COCO results where its name ends in ".json",
  /// otherwise as JSON Lines; prints a summary.
  public func convert(to output: String, origin: Origin, bounds: Bounds) throws {
    let file = try read(origin)
    let kept = file.filtered(by: bounds.filter)
    if output.hasSuffix(".json") {
      try kept.writeCOCOResults(to: output)
    } else {
      try kept.write(to: output)
    }
    try StandardOutput.print("kept \(kept.boxes) of \(file.boxes.counted("proposal"))")
    try describe(kept, at: output)
  }

  /// Prints where the proposals come from and how many there are, with their recall where there
  /// are annotations; as JSON, if asked.
  public func info(asJSON: Bool) throws {
    let file = try read(Origin(labels: nil, source: nil, nms: nil))
    guard asJSON else { return try describe(file, at: path) }
    let summary = Summary(
      images: file.images.count, imagesWithoutProposals: file.images.count { $0.regions.isEmpty },
      proposals: file.boxes, labelSet: file.header.labelSet, source: file.header.source,
      nms: file.header.nms, top: file.header.top, recall: try recall(of: file))
    try StandardOutput.print(String(decoding: JSONDocument.line(summary), as: UTF8.self))
  }

  private struct Summary: Encodable {
    var images: Int
    var imagesWithoutProposals: Int
    var proposals: Int
    var labelSet: [String]
    var source: String
    var nms: Double
    var top: Int
    var recall: ProposalRecall?
  }

  private func read(_ origin: Origin) throws(InputError) -> ProposalsFile {
    let ids = annotations.map { $0.images.map(\.id) }
    let given = try GivenProposals(path: path)
    defer { for line in passedOver.lines { report.say("proposals", line) } }
    guard given.isCOCOResults else {
      if origin.labels != nil || origin.source != nil || origin.nms != nil {
        throw InputError(
          .usage, "the file says itself where its boxes come from", at: path,
          hint: "labels, source and nms are for COCO results")
      }
      return try ProposalsFile(given, imageIDs: ids, passingOver: passedOver)
    }
    guard let ids else {
      throw InputError(
        .usage, "COCO results do not name the images without proposals", at: path,
        hint: "give the annotations")
    }
    return try ProposalsFile(
      results: given, imageIDs: ids, labelSet: try names(origin.labels),
      source: origin.source ?? PathText.name(of: path), nms: origin.nms ?? 1,
      passingOver: passedOver)
  }

  private func names(_ words: String?) throws(InputError) -> [String] {
    guard let words else { return [] }
    let given = try GivenNames(words)
    if let note = given.note { report.warn("proposals", note) }
    return given.vocabulary.names
  }

  private func describe(_ file: ProposalsFile, at place: String) throws {
    let header = file.header
    try StandardOutput.print(place)
    try StandardOutput.print(
      "  images     \(file.images.count), \(file.images.count { $0.regions.isEmpty }) without proposals"
    )
    try StandardOutput.print("  proposals  \(file.boxes), at most \(header.top) an image")
    try StandardOutput.print("  source     \(header.source), NMS above IoU \(header.nms)")
    let labels = header.labelSet.isEmpty ? "unknown" : header.labelSet.joined(separator: "; ")
    try StandardOutput.print("  labels     \(labels)")
    guard let recall = try recall(of: file) else { return }
    for group in recall.groups {
      let values = zip(recall.limits, group.recall).map {
        "\(String(format: "%.3f", $1)) @ \($0)"
      }
      try StandardOutput.print("  recall     \(group.name): \(values.joined(separator: ", "))")
    }
  }

  /// The recall on the annotations, apart for the categories that trained the proposal network.
  private func recall(of file: ProposalsFile) throws(InputError) -> ProposalRecall? {
    guard let annotations, let annotationsPath else { return nil }
    let names = annotations.categories.map(\.name)
    let labels = Set(file.header.labelSet)
    let seen = names.filter(labels.contains)
    let split =
      seen.isEmpty
      ? nil
      : try CategorySplit(
        base: seen, novel: names.filter { !labels.contains($0) }, of: names,
        source: annotationsPath)
    return try ProposalRecall(file.images, of: annotations, split: split)
  }
}
