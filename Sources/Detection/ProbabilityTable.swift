public import Regions

/// A box that may be of a category; better ones come first.
public struct Candidate: Hashable, Comparable, Sendable {
  /// The category's probability in 0...1.
  public var score: Float
  /// Position in the vocabulary, from 0.
  public var category: Int
  /// Position among the image's boxes.
  public var box: Int

  public static func < (a: Candidate, b: Candidate) -> Bool {
    if a.score != b.score { return a.score > b.score }
    return (a.category, a.box) < (b.category, b.box)
  }

  /// - Parameter boxes: the image's.
  public func detection(of boxes: [Box]) -> Detection {
    Detection(box: boxes[box], category: category, score: score)
  }
}

/// The probabilities [R, C] of an image's boxes for neighbouring categories, some of which can be
/// detections.
struct ProbabilityTable {
  /// R x `width`, row by row.
  let elements: UnsafeBufferPointer<Float>
  let width: Int
  /// Columns before the first category.
  let skipped: Int
  /// The first category's number.
  var first = 0
  /// Smaller probabilities are passed over.
  let minimum: Float
  /// The boxes that can be detections, ascending.
  let boxes: [Int]

  /// How many it is of.
  var categories: Int { width - skipped }

  private func isCandidate(_ score: Float) -> Bool { score > 0 && score >= minimum }

  /// Calls `body` for the candidates that score at least `lowest`, the best first, until it returns false.
  ///
  /// Sorts no more of them than are asked for, about `count` at a time: a table has many thousands, and
  /// a few hundred are looked at.
  func forEachBestFirst(
    from lowest: Float, atATime count: Int, _ body: (Candidate) -> Bool
  ) {
    var histogram = ScoreHistogram()
    forEachScore(from: lowest) { score, _, _ in histogram.add(score) }
    var upper = ScoreHistogram.buckets
    while let lower = histogram.lowerBound(below: upper, ofAtLeast: count) {
      var some: [Candidate] = []
      forEachScore(from: lowest) { score, category, box in
        if lower..<upper ~= ScoreHistogram.bucket(of: score) {
          some.append(Candidate(score: score, category: category, box: box))
        }
      }
      for candidate in some.sorted() {
        if !body(candidate) { return }
      }
      upper = lower
    }
  }

  /// Row by row, as the table lies in memory.
  private func forEachScore(
    from lowest: Float, _ body: (_ score: Float, _ category: Int, _ box: Int) -> Void
  ) {
    let least = max(minimum, lowest)
    for box in boxes {
      let row = UnsafeBufferPointer(rebasing: elements[box * width..<(box + 1) * width])
      for column in skipped..<width where row[column] > 0 && row[column] >= least {
        body(row[column], first + column - skipped, box)
      }
    }
  }

  /// The best candidate of each box that has one, by box.
  func labels() -> [Candidate] {
    boxes.compactMap { box in
      var best = Candidate(score: 0, category: 0, box: box)
      for column in skipped..<width where elements[box * width + column] > best.score {
        best.score = elements[box * width + column]
        best.category = first + column - skipped
      }
      return isCandidate(best.score) ? best : nil
    }
  }
}

/// How many scores there are of about each size: an eighth of a power of two a bucket.
private struct ScoreHistogram {
  static let buckets = 1 << 12
  private var counts = [Int](repeating: 0, count: buckets)

  /// - Parameter score: above 0; larger ones are in later buckets.
  static func bucket(of score: Float) -> Int { Int(score.bitPattern >> 20) }

  mutating func add(_ score: Float) { counts[Self.bucket(of: score)] += 1 }

  /// The first of the buckets below `upper` that hold `count` scores together, or all that there are; nil
  /// where there is none.
  func lowerBound(below upper: Int, ofAtLeast count: Int) -> Int? {
    var sum = 0
    for bucket in (0..<upper).reversed() where counts[bucket] > 0 {
      sum += counts[bucket]
      if sum >= count { return bucket }
    }
    return sum > 0 ? 0 : nil
  }
}
