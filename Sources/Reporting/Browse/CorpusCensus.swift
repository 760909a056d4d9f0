package import Detection
import Support

/// What is counted and remembered of a corpus's detections while they go by, image by image, so that
/// some can be shown: memory follows the vocabulary, about a kilobyte a name that is given, and not the
/// images.
package struct CorpusCensus: Sendable {
  /// A detection, by where it is.
  package struct Place: Hashable, Comparable, Sendable {
    /// Of the image, counted from 0 in the detections file.
    package let image: Int
    /// Among the image's detections.
    package let index: Int

    package init(image: Int, index: Int) { (self.image, self.index) = (image, index) }

    package static func < (left: Place, right: Place) -> Bool {
      (left.image, left.index) < (right.image, right.index)
    }
  }

  /// Something at a place, ranked by a number; of equal ones the earlier is first.
  package struct Ranked: Comparable, Sendable {
    package let key: Double
    package let place: Place

    package static func < (left: Ranked, right: Ranked) -> Bool {
      left.key != right.key ? left.key < right.key : left.place < right.place
    }
  }

  /// What is known of one name's detections.
  package struct Category: Sendable {
    /// How many there are of each score, by `bin`; empty where there are none.
    package fileprivate(set) var histogram: [Int] = []
    /// How many there are, and how many of them from the threshold on.
    package fileprivate(set) var detections = 0, confident = 0
    /// Of the highest scores.
    var best = Smallest<Ranked>(CropPlan.richest.best)
    /// Of scores nearest to the threshold, on each side of it.
    var above = Smallest<Ranked>(CropPlan.richest.beside)
    var below = Smallest<Ranked>(CropPlan.richest.beside)
    /// A random sample of those from the threshold on, in random order.
    var sample = Smallest<Ranked>(CropPlan.richest.sample)
  }

  /// Bins of a histogram: of scores in 0 ..< 0.02, 0.02 ..< 0.04, ..., 0.98 ... 1.
  package static let bins = 50
  /// Images with the most objects that are shown.
  package static let mostBusy = 12

  /// From which score on detections count, by category; infinite where none does.
  package let thresholds: [Float]
  package private(set) var categories: [Category]
  /// By the number of objects from the thresholds on, most first.
  package private(set) var busiest = Smallest<Ranked>(mostBusy)
  package private(set) var failures = FailedExamples()
  /// Images with detections or without, those that failed not among them.
  package private(set) var images = 0
  package private(set) var detections = 0
  package private(set) var confident = 0
  private var next = 0

  /// - Parameter thresholds: one a name of the vocabulary.
  package init(thresholds: [Float]) {
    self.thresholds = thresholds
    categories = Array(repeating: Category(), count: thresholds.count)
  }

  /// Which bin a score is in, in the precision of scores: 0.58 is as large as itself.
  package static func bin(of score: Float) -> Int {
    let near = Int(min(max(score, 0) * Float(bins), Float(bins - 1)))
    if near + 1 < bins && score >= edges[near + 1] { return near + 1 }
    return near > 0 && score < edges[near] ? near - 1 : near
  }

  private static let edges = (0..<bins).map { Float(Double($0) / Double(bins)) }

  /// Adds the next image of the file.
  package mutating func add(_ row: DetectionFile.Row) {
    defer { next += 1 }
    switch row.outcome {
    case .failed(let reason): failures.add(reason, of: row.image)
    case .detected(let found, _, _):
      images += 1
      detections += found.count
      var objects = 0
      for (index, detection) in found.enumerated() {
        add(detection, at: Place(image: next, index: index))
        if detection.score >= thresholds[detection.category] { objects += 1 }
      }
      confident += objects
      if objects > 0 {
        busiest.add(Ranked(key: -Double(objects), place: Place(image: next, index: 0)))
      }
    }
  }

  private mutating func add(_ detection: Detection, at place: Place) {
    let (category, score) = (detection.category, Double(detection.score))
    if categories[category].histogram.isEmpty {
      categories[category].histogram = Array(repeating: 0, count: Self.bins)
    }
    categories[category].histogram[Self.bin(of: detection.score)] += 1
    categories[category].detections += 1
    categories[category].best.add(Ranked(key: -score, place: place))
    let least = thresholds[category]
    guard detection.score >= least else {
      if least.isFinite {
        categories[category].below.add(Ranked(key: Double(least) - score, place: place))
      }
      return
    }
    categories[category].confident += 1
    categories[category].above.add(Ranked(key: score - Double(least), place: place))
    categories[category].sample.add(Ranked(key: Self.chance(at: place), place: place))
  }

  /// A number in 0..<1 by which detections are in random order: those with the smallest are a sample of
  /// all, each as likely as any other, and the same in each run.
  private static func chance(at place: Place) -> Double {
    var generator = SeededGenerator(seed: UInt64(place.image), stream: UInt64(place.index))
    return generator.nextUniform()
  }

  /// Names in the order in which they are shown: by detections from the threshold on, then by all.
  package var order: [Int] {
    categories.indices.sorted { left, right in
      let (a, b) = (categories[left], categories[right])
      return (b.confident, b.detections, left) < (a.confident, a.detections, right)
    }
  }
}
