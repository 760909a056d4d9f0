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

  private func isCandidate(_ score: Float) -> Bool { score > 0 && score >= minimum }

  /// The best candidate of each category that has one, by category.
  func bestOfCategories() -> [Candidate] {
    // Row by row, as the table lies in memory.
    var scores = [Float](repeating: 0, count: width)
    var boxOfScore = [Int32](repeating: 0, count: width)
    for box in boxes {
      let row = UnsafeBufferPointer(rebasing: elements[box * width..<(box + 1) * width])
      for column in skipped..<width where row[column] > scores[column] {
        scores[column] = row[column]
        boxOfScore[column] = Int32(box)
      }
    }
    return (skipped..<width).compactMap { column in
      isCandidate(scores[column])
        ? Candidate(
          score: scores[column], category: first + column - skipped, box: Int(boxOfScore[column]))
        : nil
    }
  }

  /// The candidates of one category that score at least `lowest`.
  func candidates(of category: Int, from lowest: Float) -> [Candidate] {
    boxes.compactMap { box in
      let score = elements[box * width + skipped + category - first]
      return isCandidate(score) && score >= lowest
        ? Candidate(score: score, category: category, box: box) : nil
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
