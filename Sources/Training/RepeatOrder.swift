import Support

/// Repeat-factor sampling (Gupta et al., 2019): images of rare categories come more often in an
/// epoch, each epoch in another order.
///
/// Stateless like `EpochOrder`: place t of a run follows from seed, factors and count alone. In an
/// epoch an image of factor r comes r times, rounded up or down so that the mean over epochs is r.
public struct RepeatOrder: Sendable {
  private let seed: UInt64
  /// The factors added up to each image.
  private let sums: [Double]
  /// Where each epoch begins, and the last ends.
  private let starts: [Int]

  /// How many places the run has.
  public var count: Int { starts.last ?? 0 }

  /// - Parameters:
  ///   - factors: one an image, at least 1 each; not empty.
  ///   - epochs: how many the run has.
  public init(seed: UInt64, factors: [Double], epochs: Int) {
    precondition(!factors.isEmpty && factors.allSatisfy { $0 >= 1 && $0.isFinite })
    self.seed = seed
    var sums: [Double] = []
    var sum = 0.0
    for factor in factors {
      sum += factor
      sums.append(sum)
    }
    self.sums = sums
    var starts = [0]
    for epoch in 0..<epochs {
      starts.append(starts[epoch] + Int(sum + Self.shift(seed, epoch)))
    }
    self.starts = starts
  }

  /// How often each image is to be repeated: r = max(1, sqrt(threshold / f)), with f the share of
  /// images that have a category, for the image's category of largest r.
  ///
  /// - Parameters:
  ///   - categories: the categories of each image.
  ///   - threshold: the share of images below which a category counts as rare.
  public static func factors(_ categories: [Set<Int>], threshold: Double) -> [Double] {
    var images: [Int: Int] = [:]
    for category in categories.joined() { images[category, default: 0] += 1 }
    let factors = images.mapValues { count in
      max(1, (threshold * Double(categories.count) / Double(count)).squareRoot())
    }
    return categories.map { $0.map { factors[$0]! }.max() ?? 1 }
  }

  /// The epoch of place `position` of the run, and which of the images stands there.
  ///
  /// - Parameter position: in `0 ..< count`.
  /// - Complexity: O(log(images) + log(epochs)).
  public func image(at position: Int) -> (epoch: Int, index: Int) {
    precondition((0..<count).contains(position))
    let epoch = Self.first(starts.count) { starts[$0] > position } - 1
    let length = starts[epoch + 1] - starts[epoch]
    let order = EpochOrder(seed: seed, count: length).order(ofEpoch: epoch)
    let place = order[position - starts[epoch]]
    // The factors lie end to end on a line, and so do whole numbers, moved by the epoch's shift: an
    // image comes as often as they fall on it.
    let shift = Self.shift(seed, epoch)
    return (epoch, Self.first(sums.count) { Int(sums[$0] + shift) > place })
  }

  /// How far an epoch's rounding is moved, in 0..<1.
  private static func shift(_ seed: UInt64, _ epoch: Int) -> Double {
    var generator = SeededGenerator(seed: ~seed, stream: UInt64(epoch))
    return generator.nextUniform()
  }

  /// The first of `0 ..< count` that holds, where all after it do; `count` when none does.
  private static func first(_ count: Int, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
