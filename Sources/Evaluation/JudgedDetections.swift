import Datasets
import Regions
import Support

/// A detection after it was compared with its image's ground truth.
struct JudgedDetection {
  /// Of its category among the evaluated ones.
  var column: Int32
  /// Among those of its image and category, best first.
  var rank: Int32
  /// In the results.
  var position: Int32
  var score: Double
  /// One outcome an area range.
  var matched: SIMD4<UInt16> = .zero
  var ignored: SIMD4<UInt16> = .zero
}

/// Every detection judged, image by image; masks are in memory for one image at a time.
struct JudgedDetections {
  /// In the order of image ids; within one, category by category, best first, and equal scores in
  /// the order given.
  private(set) var detections: [JudgedDetection] = []
  /// columns x areas: ground truth that counts.
  private(set) var truths: [Int]

  /// - Parameters:
  ///   - columns: position of each evaluated category, by id.
  ///   - type: what is compared.
  /// - Throws: `InputError` for a detection of an image the data set has not, a bad box or score, a
  ///   mask that is missing or malformed.
  init(
    _ results: DetectionResults, of dataset: COCODataset, columns: [Int: Int],
    rules: EvaluationRules, type: IoUType
  ) throws(InputError) {
    let judge = try ImageJudge(results, of: dataset, columns: columns, rules: rules, type: type)
    // Neighbours in id order are judged together, so that the parts join in that order.
    let part = 32
    let parts = (dataset.images.count + part - 1) / part
    let finished = try Parallel.map(parts) { index throws(InputError) in
      var judged = JudgedDetections(columns: columns.count, rules: rules)
      for image in index * part..<min((index + 1) * part, dataset.images.count) {
        try judge.judge(image, into: &judged)
      }
      return judged
    }
    self.init(columns: columns.count, rules: rules)
    for judged in finished {
      detections += judged.detections
      for index in truths.indices { truths[index] += judged.truths[index] }
    }
  }

  private init(columns: Int, rules: EvaluationRules) {
    truths = Array(repeating: 0, count: columns * rules.areas.count)
  }

  fileprivate mutating func append(_ detection: JudgedDetection) { detections.append(detection) }

  fileprivate mutating func addTruth(_ cell: Int) { truths[cell] += 1 }
}

/// Compares the detections of one image with its ground truth.
private struct ImageJudge: Sendable {
  private let results: DetectionResults
  private let dataset: COCODataset
  private let columns: [Int: Int]
  private let rules: EvaluationRules
  private let type: IoUType
  /// Images by id.
  private let images: [COCODataset.Image]
  /// Positions of the detections, image by image, and where each image's end.
  private var order: [Int32]
  private var ends: [Int]

  init(
    _ results: DetectionResults, of dataset: COCODataset, columns: [Int: Int],
    rules: EvaluationRules, type: IoUType
  ) throws(InputError) {
    (self.results, self.dataset, self.columns) = (results, dataset, columns)
    (self.rules, self.type) = (rules, type)
    images = dataset.images.sorted { $0.id < $1.id }
    let ranks = Dictionary(uniqueKeysWithValues: zip(images.map(\.id), images.indices))
    ends = Array(repeating: 0, count: images.count)
    for (index, record) in results.records.enumerated() {
      guard let rank = ranks[record.imageID] else {
        throw InputError(
          .badData, "the data set has no such image", at: "detections[\(index)].image_id",
          got: "\(record.imageID)")
      }
      if let problem = record.problem {
        throw InputError(.badData, problem, at: "detections[\(index)]")
      }
      ends[rank] += 1
    }
    var next = [Int](repeating: 0, count: images.count)
    for rank in ends.indices.dropFirst() {
      next[rank] = ends[rank - 1]
      ends[rank] += ends[rank - 1]
    }
    order = Array(repeating: 0, count: results.records.count)
    for (index, record) in results.records.enumerated() {
      let rank = ranks[record.imageID]!
      order[next[rank]] = Int32(index)
      next[rank] += 1
    }
  }

  /// An object of an evaluated category.
  private struct Truth {
    var column: Int
    var annotation: COCODataset.Annotation
  }

  /// A detection of an evaluated category.
  private struct Found {
    var column: Int
    var position: Int
    var score: Double
  }

  func judge(_ rank: Int, into judged: inout JudgedDetections) throws(InputError) {
    let image = images[rank]
    let truths = dataset.annotations(of: image.id).compactMap { annotation -> Truth? in
      guard rules.exists(area: annotation.area) else { return nil }
      return columns[annotation.categoryID].map { Truth(column: $0, annotation: annotation) }
    }
    var found = counted(rank, image, present: Set(truths.map(\.column)))
    found.sort {
      if $0.column != $1.column { return $0.column < $1.column }
      return $0.score != $1.score ? $0.score > $1.score : $0.position < $1.position
    }
    let truthsOfColumn = Dictionary(grouping: truths, by: \.column)
    for truth in truths {
      for (index, area) in rules.areas.enumerated()
      where !rules.isIgnored(truth.annotation) && area.contains(truth.annotation.area) {
        judged.addTruth(truth.column * rules.areas.count + index)
      }
    }
    var rest = found[...]
    while let column = rest.first?.column {
      let group = rest.prefix { $0.column == column }
      rest = rest[group.endIndex...]
      let outcomes = try outcomes(
        group.prefix(rules.limitPerCategory ?? .max),
        truths: truthsOfColumn[column, default: []].map(\.annotation), in: image)
      for outcome in outcomes { judged.append(outcome) }
    }
  }

  /// The image's detections that count, of the evaluated categories.
  private func counted(_ rank: Int, _ image: COCODataset.Image, present: Set<Int>) -> [Found] {
    var positions = order[(rank == 0 ? 0 : ends[rank - 1])..<ends[rank]]
    if let limit = rules.limitPerImage, positions.count > limit {
      positions.sort {
        let (first, second) = (results.records[Int($0)].score, results.records[Int($1)].score)
        return first != second ? first > second : $0 < $1
      }
      positions = positions.prefix(limit)
    }
    let absent = rules.isFederated ? Set(image.negativeCategoryIDs ?? []) : []
    return positions.compactMap { position in
      let record = results.records[Int(position)]
      guard let column = columns[record.categoryID], rules.exists(area: record.area) else {
        return nil
      }
      if rules.isFederated, !present.contains(column), !absent.contains(record.categoryID) {
        return nil
      }
      return Found(column: column, position: Int(position), score: record.score)
    }
  }

  /// - Parameter found: of one category, best first.
  private func outcomes(
    _ found: ArraySlice<Found>, truths: [COCODataset.Annotation], in image: COCODataset.Image
  ) throws(InputError) -> [JudgedDetection] {
    var judged = found.enumerated().map { rank, found in
      JudgedDetection(
        column: Int32(found.column), rank: Int32(rank), position: Int32(found.position),
        score: found.score)
    }
    let records = found.map { results.records[$0.position] }
    let isPartial =
      rules.isFederated
      && image.notExhaustiveCategoryIDs?.contains(records[0].categoryID) ?? false
    let crowd = truths.map(rules.isCrowd)
    let overlaps = truths.isEmpty ? nil : try overlaps(found, records, truths, crowd, image)
    for (area, range) in rules.areas.enumerated() {
      if let overlaps {
        let ignored = truths.map { rules.isIgnored($0) || !range.contains($0.area) }
        let outcomes =
          rules.isVOC
          ? matchAsVOC(overlaps, ignored: ignored)
          : matchGreedily(
            overlaps, thresholds: rules.iouThresholds, ignored: ignored, crowd: crowd)
        for (index, outcome) in outcomes.enumerated() {
          judged[index].matched[area] = outcome.matched
          judged[index].ignored[area] = outcome.ignored
        }
      }
      for (index, record) in records.enumerated() where isPartial || !range.contains(record.area) {
        // Wrong, but of another size or perhaps not annotated: not a mistake.
        judged[index].ignored[area] |= ~judged[index].matched[area]
      }
    }
    return judged
  }

  private func overlaps(
    _ found: ArraySlice<Found>, _ records: [DetectionRecord], _ truths: [COCODataset.Annotation],
    _ crowd: [Bool], _ image: COCODataset.Image
  ) throws(InputError) -> Overlaps {
    let least = rules.iouThresholds[0]
    guard type == .mask else {
      return Overlaps(
        detections: records.map { SIMD4($0.bbox) }, truths: truths.map { SIMD4($0.bbox) },
        crowd: crowd, least: least)
    }
    let detections = try found.map { found throws(InputError) in
      guard let mask = try results.mask(at: found.position, in: image) else {
        throw InputError(
          .badData, "a detection without a mask", at: results.place(of: found.position),
          expected: "one in each, as masks are compared",
          hint: "'--iou-type bbox' compares boxes")
      }
      return mask
    }
    let objects = try truths.map { truth throws(InputError) in
      guard let mask = try dataset.mask(of: truth) else {
        throw InputError(
          .badData, "an object without an outline", at: "\(dataset.source): annotation \(truth.id)",
          expected: "one in each, as masks are compared",
          hint: "'--iou-type bbox' compares boxes")
      }
      return mask
    }
    return Overlaps(detections: detections, truths: objects, crowd: crowd, least: least)
  }
}
