/// Notices a loss that grows beyond all bounds.
///
/// A loss diverges when it is a hundred times its running median, and ten times what all losses were
/// together in the beginning. The second keeps quiet where a loss is nearly nothing on most images,
/// as a classifier's on images without objects, and of common size on the others. Steps where a loss
/// is zero, as that of boxes is without objects, are left out of its median.
package struct DivergenceCheck {
  /// A loss that has diverged, with its running median.
  package struct Divergence: Equatable {
    package let name: String
    package let value: Double
    package let median: Double
  }

  package static let medianFactor = 100.0
  package static let beginningFactor = 10.0
  /// Of the beginning; also the values of a loss before it is judged.
  package static let leastSteps = 50
  /// Steps that the running median is of, at most.
  package static let window = 1000

  /// The sum of all losses in the first steps.
  private var beginning: [Double] = []
  private var recent: [String: RecentValues] = [:]

  package init() {}

  /// Adds the losses of a step; that of the name `loss` is the sum of all.
  package mutating func add(_ losses: [(String, Double)]) {
    for (name, value) in losses where value > 0 {
      recent[name, default: RecentValues(limit: Self.window)].add(value)
      if name == "loss" && beginning.count < Self.leastSteps { beginning.append(value) }
    }
  }

  /// The loss of a step that is the most times its median, among those that have diverged.
  package func divergence(in losses: [(String, Double)]) -> Divergence? {
    guard beginning.count == Self.leastSteps else { return nil }
    // All but the largest tenth: a few of the first steps may be far off.
    let usual = beginning.sorted()[Self.leastSteps * 9 / 10 - 1]
    let found = losses.compactMap { name, value -> Divergence? in
      guard value > Self.beginningFactor * usual, let known = recent[name],
        known.count >= Self.leastSteps, let median = known.median,
        value > Self.medianFactor * median
      else { return nil }
      return Divergence(name: name, value: value, median: median)
    }
    return found.max { $0.value / $0.median < $1.value / $1.median }
  }
}
