public import Datasets
import Dispatch
public import Support
import Synchronization

/// Box average precision by COCO's protocol: the numbers of `pycocotools` to the last digits that
/// the order of summation leaves alone.
///
/// Scores are in 0...1; -1 stands where there is no ground truth. (`pycocotools` counts a match to
/// an annotation with id 0 as no match; here it is one.)
public struct COCOBoxAP: Codable, Equatable, Sendable {
  /// COCO's twelve numbers over the evaluated categories.
  public struct Summary: Codable, Equatable, Sendable {
    /// Average precision: over IoU 0.50:0.95, at 0.50 and at 0.75.
    public var ap, ap50, ap75: Double
    /// AP over objects below 32^2, up to 96^2 and above 96^2 square pixels.
    public var apSmall, apMedium, apLarge: Double
    /// Average recall with at most 1, 10 and 100 detections an image and category.
    public var ar1, ar10, ar100: Double
    /// AR with 100 detections over small, medium and large objects.
    public var arSmall, arMedium, arLarge: Double

    /// In COCO's order: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl.
    public var values: [Double] {
      [
        ap, ap50, ap75, apSmall, apMedium, apLarge, ar1, ar10, ar100, arSmall, arMedium, arLarge,
      ]
    }

    private enum CodingKeys: String, CodingKey {
      case ap = "AP"
      case ap50 = "AP50"
      case ap75 = "AP75"
      case apSmall = "APs"
      case apMedium = "APm"
      case apLarge = "APl"
      case ar1 = "AR1"
      case ar10 = "AR10"
      case ar100 = "AR100"
      case arSmall = "ARs"
      case arMedium = "ARm"
      case arLarge = "ARl"
    }

    fileprivate init(_ results: [CategoryEvaluation]) {
      func mean(_ value: (CategoryEvaluation) -> Double) -> Double {
        COCOProtocol.mean(results.map(value))
      }
      ap = mean { $0.precision[0] }
      ap50 = mean { $0.precision50[0] }
      ap75 = mean { $0.precision75[0] }
      apSmall = mean { $0.precision[1] }
      apMedium = mean { $0.precision[2] }
      apLarge = mean { $0.precision[3] }
      ar1 = mean { $0.recallAtLimit[0] }
      ar10 = mean { $0.recallAtLimit[1] }
      ar100 = mean { $0.recallAtLimit[2] }
      arSmall = mean { $0.recall[1] }
      arMedium = mean { $0.recall[2] }
      arLarge = mean { $0.recall[3] }
    }
  }

  /// One category's scores.
  public struct Category: Codable, Equatable, Sendable {
    /// The data set's id.
    public var id: Int
    /// The data set's name.
    public var name: String
    /// Ground-truth boxes, crowds not counted.
    public var truths: Int
    /// Average precision: over IoU 0.50:0.95, at 0.50 and at 0.75; -1 without ground truth.
    public var ap, ap50, ap75: Double

    private enum CodingKeys: String, CodingKey {
      case id, name, truths
      case ap = "AP"
      case ap50 = "AP50"
      case ap75 = "AP75"
    }
  }

  /// What was measured.
  public let protocolName: String
  /// Over all evaluated categories.
  public let summary: Summary
  /// The evaluated categories, sorted by id.
  public let categories: [Category]

  private enum CodingKeys: String, CodingKey {
    case protocolName = "protocol"
    case summary, categories
  }

  /// Evaluates detections on all images of a data set.
  ///
  /// Complexity: O(n log n) in the detections, plus all pairs within an image and category; the
  /// categories are shared out over the cores. The result does not depend on their number.
  /// - Parameters:
  ///   - detections: of any order; equal scores count in the order given.
  ///   - names: the categories to evaluate; nil for all. Detections of others do not count.
  /// - Throws: `InputError` for a detection of an image the data set has not, a bad box or score,
  ///   and a name the data set has not.
  public init(
    _ detections: [DetectionRecord], of dataset: COCODataset, categories names: [String]? = nil
  ) throws(InputError) {
    let evaluated = try Self.select(names, of: dataset)
    let cases = try ImageCases(detections, of: dataset, categories: evaluated.map(\.id))
    let results = Mutex([CategoryEvaluation?](repeating: nil, count: evaluated.count))
    DispatchQueue.concurrentPerform(iterations: evaluated.count) { index in
      let result = CategoryEvaluation(images: cases.images(ofCategory: index))
      results.withLock { $0[index] = result }
    }
    let scores = results.withLock { $0.compactMap(\.self) }
    protocolName =
      "COCO box AP, IoU 0.50:0.95, at most 100 detections an image and category, area all, "
      + (names == nil ? "all" : "\(evaluated.count) of \(dataset.categories.count)")
      + " categories"
    summary = Summary(scores)
    categories = zip(evaluated, scores).map { category, score in
      Category(
        id: category.id, name: category.name, truths: score.truths, ap: score.precision[0],
        ap50: score.precision50[0], ap75: score.precision75[0])
    }
  }

  private static func select(
    _ names: [String]?, of dataset: COCODataset
  ) throws(InputError) -> [COCODataset.Category] {
    guard let names else { return dataset.categories }
    let known = dataset.categories.map(\.name)
    if let unknown = Set(names).subtracting(known).min() {
      throw InputError(
        .badData, "the data set has no such category", got: "'\(unknown)'",
        hint: nearestName(to: unknown, among: known).map { "is it '\($0)'?" })
    }
    let wanted = Set(names)
    return dataset.categories.filter { wanted.contains($0.name) }
  }
}
