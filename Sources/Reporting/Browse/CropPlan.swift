/// How many crops a name gets and how large they are, so that a page has room for them: the fewer the
/// more names there are.
package struct CropPlan: Equatable, Sendable {
  /// Crops a name: of the highest scores, on each side of the threshold, and of the random sample.
  package let best, beside, sample: Int
  /// The longer side of a crop at most, in pixels.
  package let side: Int
  /// Names that get crops, of `CorpusCensus.order`.
  package private(set) var categories = 0

  private init(_ best: Int, _ beside: Int, _ sample: Int, _ side: Int) {
    (self.best, self.beside, self.sample, self.side) = (best, beside, sample, side)
  }

  private static let steps = [
    CropPlan(12, 6, 12, 160), CropPlan(8, 4, 8, 144), CropPlan(6, 3, 6, 128),
    CropPlan(4, 2, 4, 112), CropPlan(3, 1, 3, 96), CropPlan(2, 1, 2, 80), CropPlan(1, 1, 1, 72),
    CropPlan(1, 0, 1, 64), CropPlan(1, 0, 0, 64),
  ]

  /// The most that a name gets.
  static let richest = steps[0]

  /// What a crop of photographs usually takes in the page: the JPEG, of which 640 bytes are tables, in
  /// base64, and what is said of it.
  private var bytesPerCrop: Int { (640 + side * side * 22 / 100) * 4 / 3 + 110 }
  private var bytesPerName: Int { (best + 2 * beside + sample) * bytesPerCrop }

  /// - Parameters:
  ///   - names: that are given to some detection.
  ///   - bytes: of the page that crops may take.
  package init(names: Int, bytes: Int) {
    let last = Self.steps.count - 1
    self = Self.steps.first { names * $0.bytesPerName <= bytes } ?? Self.steps[last]
    categories = min(names, max(0, bytes) / bytesPerName)
  }
}

/// What a crop is an example of.
package struct CropKinds: OptionSet, Hashable, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let best = CropKinds(rawValue: 1)
  package static let borderline = CropKinds(rawValue: 2)
  package static let sample = CropKinds(rawValue: 4)
}

/// A detection whose crop is to be shown.
package struct ChosenCrop: Hashable, Sendable {
  /// Among its image's detections.
  package let index: Int
  /// The place of its name in `CorpusCensus.order`.
  package let name: Int
  package fileprivate(set) var kinds: CropKinds
}

extension CorpusCensus {
  /// The crops of a plan by their images, each image's in order.
  package func crops(by plan: CropPlan) -> [Int: [ChosenCrop]] {
    var chosen: [Place: ChosenCrop] = [:]
    for (name, category) in order.prefix(plan.categories).enumerated() {
      let known = categories[category]
      func choose(_ ranked: Smallest<Ranked>, _ count: Int, as kind: CropKinds) {
        for place in ranked.elements.prefix(count).map(\.place) {
          chosen[place, default: ChosenCrop(index: place.index, name: name, kinds: [])].kinds
            .insert(kind)
        }
      }
      choose(known.best, plan.best, as: .best)
      choose(known.above, plan.beside, as: .borderline)
      choose(known.below, plan.beside, as: .borderline)
      choose(known.sample, plan.sample, as: .sample)
    }
    return Dictionary(grouping: chosen) { $0.key.image }
      .mapValues { $0.map(\.value).sorted { $0.index < $1.index } }
  }
}
