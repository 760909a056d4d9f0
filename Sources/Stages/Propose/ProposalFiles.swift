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
    let (all, left) = (try Content(of: file), try content(of: kept))
    try StandardOutput.print("kept \(left.proposals) of \(all.proposals.counted("proposal"))")
    try describe(kept, left, at: output)
  }

  /// Prints where the proposals come from and how many there are, with their recall where there
  /// are annotations; as JSON, if asked.
  public func info(asJSON: Bool) throws {
    let file = try read(Origin(labels: nil, source: nil, nms: nil))
    let content = try content(of: file)
    guard asJSON else { return try describe(file, content, at: path) }
    let summary = Summary(
      images: file.imageIDs.count, imagesWithoutProposals: content.without,
      proposals: content.proposals, labelSet: file.header.labelSet, source: file.header.source,
      nms: file.header.nms, top: file.header.top, recall: content.recall)
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

  /// What is in a file, counted image by image.
  private struct Content {
    var proposals = 0
    /// Images without proposals.
    var without = 0
    var recall: ProposalRecall?

    init(of file: ProposalsFile, adding sum: ProposalRecallSum? = nil) throws(InputError) {
      var sum = sum
      for id in file.imageIDs {
        let found = try file.proposals(of: id)
        proposals += found.regions.count
        without += found.regions.isEmpty ? 1 : 0
        try sum?.add(found)
      }
      recall = sum?.recall
    }
  }

  private func describe(_ file: ProposalsFile, _ content: Content, at place: String) throws {
    let header = file.header
    try StandardOutput.print(place)
    try StandardOutput.print(
      "  images     \(file.imageIDs.count), \(content.without) without proposals")
    try StandardOutput.print("  proposals  \(content.proposals), at most \(header.top) an image")
    try StandardOutput.print("  source     \(header.source), NMS above IoU \(header.nms)")
    let labels = header.labelSet.isEmpty ? "unknown" : header.labelSet.joined(separator: "; ")
    try StandardOutput.print("  labels     \(labels)")
    guard let recall = content.recall else { return }
    for group in recall.groups {
      let values = zip(recall.limits, group.recall).map {
        "\(String(format: "%.3f", $1)) @ \($0)"
      }
      try StandardOutput.print("  recall     \(group.name): \(values.joined(separator: ", "))")
    }
  }

  /// With the recall on the annotations, where there are any, apart for the categories that trained the
  /// proposal network.
  private func content(of file: ProposalsFile) throws(InputError) -> Content {
    guard let annotations, let annotationsPath else { return try Content(of: file) }
    let names = annotations.categories.map(\.name)
    let labels = Set(file.header.labelSet)
    let seen = names.filter(labels.contains)
    let split =
      seen.isEmpty
      ? nil
      : try CategorySplit(
        base: seen, novel: names.filter { !labels.contains($0) }, of: names,
        source: annotationsPath)
    return try Content(of: file, adding: ProposalRecallSum(of: annotations, split: split))
  }
}
