import Datasets
import Support

/// Ground truth and detections sorted by category, to be handed out one category at a time.
struct ImageCases: Sendable {
  private struct Entry: Sendable {
    /// The image's rank by id.
    var image: Int
    var bbox: SIMD4<Double>
    /// The area of ground truth, the score of a detection.
    var value: Double
    var isCrowd: Bool
  }

  private var truths: [[Entry]]
  private var detections: [[Entry]]

  init(
    _ records: [DetectionRecord], of dataset: COCODataset, categories: [Int]
  ) throws(InputError) {
    let ids = dataset.images.map(\.id).sorted()
    let rank = Dictionary(uniqueKeysWithValues: zip(ids, ids.indices))
    let column = Dictionary(uniqueKeysWithValues: zip(categories, categories.indices))
    truths = Array(repeating: [], count: categories.count)
    detections = truths
    for annotation in dataset.annotations {
      guard let column = column[annotation.categoryID], let image = rank[annotation.imageID]
      else { continue }
      truths[column].append(
        Entry(
          image: image, bbox: SIMD4(annotation.bbox), value: annotation.area,
          isCrowd: annotation.isCrowd))
    }
    for (index, record) in records.enumerated() {
      guard let image = rank[record.imageID] else {
        throw InputError(
          .badData, "the data set has no such image", at: "detections[\(index)].image_id",
          got: "\(record.imageID)")
      }
      if let problem = record.problem {
        throw InputError(.badData, problem, at: "detections[\(index)]")
      }
      guard let column = column[record.categoryID] else { continue }
      detections[column].append(
        Entry(image: image, bbox: SIMD4(record.bbox), value: record.score, isCrowd: false))
    }
  }

  /// The images that have ground truth or detections of a category, by id; detections best first,
  /// at most the largest detection limit, equal scores in the order given.
  func images(ofCategory column: Int) -> [ImageCase] {
    let truths = Self.sorted(self.truths[column], byValue: false)
    let detections = Self.sorted(self.detections[column], byValue: true)
    var images: [ImageCase] = []
    var (truth, detection) = (0, 0)
    while truth < truths.count || detection < detections.count {
      let image = min(
        truth < truths.count ? truths[truth].image : .max,
        detection < detections.count ? detections[detection].image : .max)
      let ofImage = truths[truth...].prefix { $0.image == image }
      let found = detections[detection...].prefix { $0.image == image }
      truth = ofImage.endIndex
      detection = found.endIndex
      let counted = found.prefix(COCOProtocol.detectionLimits.last ?? 0)
      images.append(
        ImageCase(
          truths: ofImage.map(\.bbox), truthAreas: ofImage.map(\.value),
          crowd: ofImage.map(\.isCrowd), detections: counted.map(\.bbox),
          scores: counted.map(\.value)))
    }
    return images
  }

  private static func sorted(_ entries: [Entry], byValue: Bool) -> [Entry] {
    let order = entries.indices.sorted { a, b in
      let (first, second) = (entries[a], entries[b])
      if first.image != second.image { return first.image < second.image }
      if byValue, first.value != second.value { return first.value > second.value }
      return a < b
    }
    return order.map { entries[$0] }
  }
}
