public import Datasets
public import Foundation
public import Regions
public import Support

/// The result of an evaluation: base, novel and all categories, each number with its protocol.
public struct EvaluationReport: Codable, Equatable, Sendable {
  /// The scores of a group of categories: means over those that have ground truth.
  public struct Group: Codable, Equatable, Sendable {
    /// "base", "novel" or "all".
    public var name: String
    /// How many categories the group has.
    public var categories: Int
    /// How many of them have ground truth.
    public var evaluated: Int
    /// Average precision: over IoU 0.50:0.95, at 0.50 and at 0.75; -1 when `evaluated` is 0.
    public var ap, ap50, ap75: Double

    private enum CodingKeys: String, CodingKey {
      case name, categories, evaluated
      case ap = "AP"
      case ap50 = "AP50"
      case ap75 = "AP75"
    }

    init(name: String, categories: [COCOBoxAP.Category]) {
      self.name = name
      self.categories = categories.count
      evaluated = categories.count { $0.ap > COCOProtocol.absent }
      ap = COCOProtocol.mean(categories.map(\.ap))
      ap50 = COCOProtocol.mean(categories.map(\.ap50))
      ap75 = COCOProtocol.mean(categories.map(\.ap75))
    }
  }

  /// Images of the data set.
  public let images: Int
  /// Detections given, also those that do not count.
  public let detections: Int
  /// Base and novel where there is a split, and all.
  public let groups: [Group]
  /// COCO's twelve numbers and every category.
  public let boxes: COCOBoxAP
  /// The recall of the proposals, where there were any to evaluate.
  public let proposals: ProposalRecall?

  /// Evaluates detections, and proposals if given, on all images of a data set.
  ///
  /// With a split only its categories are evaluated: 65 for COCO's 48 base and 17 novel ones.
  /// - Throws: `InputError` as `COCOBoxAP` and `ProposalRecall`.
  public init(
    detections: [DetectionRecord], of dataset: COCODataset, split: CategorySplit? = nil,
    proposals: [Proposals]? = nil
  ) throws(InputError) {
    let boxes = try COCOBoxAP(
      detections, of: dataset, categories: split.map { $0.base + $0.novel })
    func group(_ name: String, _ names: [String]) -> Group {
      let members = Set(names)
      return Group(name: name, categories: boxes.categories.filter { members.contains($0.name) })
    }
    let parts = split.map { [group("base", $0.base), group("novel", $0.novel)] } ?? []
    groups = parts + [Group(name: "all", categories: boxes.categories)]
    self.boxes = boxes
    images = dataset.images.count
    self.detections = detections.count
    self.proposals = try proposals.map { given throws(InputError) in
      try ProposalRecall(given, of: dataset, split: split)
    }
  }

  /// The report as JSON with sorted keys.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// The report as aligned text; scores in percent, "-" without ground truth.
  public var table: String {
    var text = "\(boxes.protocolName)\n\(images) images, \(detections) detections\n\n"
    text += aligned(
      [["group", "categories", "with truth", "AP", "AP50", "AP75"]]
        + groups.map {
          [$0.name, "\($0.categories)", "\($0.evaluated)"] + [$0.ap, $0.ap50, $0.ap75].map(percent)
        })
    if let proposals { text += "\n\(proposals.table)" }
    return text
  }
}

extension ProposalRecall {
  /// The recall as aligned text, in percent, "-" without ground truth.
  public var table: String {
    "\(protocolName)\n\n"
      + aligned(
        [["group", "boxes"] + limits.map { "AR@\($0)" }]
          + groups.map { [$0.name, "\($0.truths)"] + $0.recall.map(percent) })
  }
}

private func percent(_ score: Double) -> String {
  score > COCOProtocol.absent ? String(format: "%.1f", score * 100) : "-"
}

/// The first column to the left, the others to the right, two spaces between.
private func aligned(_ rows: [[String]]) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      return column == 0 ? cell + space : space + cell
    }.joined(separator: "  ") + "\n"
  }.joined()
}
