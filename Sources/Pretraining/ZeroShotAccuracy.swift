import Foundation
import Images
import Support
public import Teacher
public import Tensors

/// How often a teacher names pictures rightly among all names: by the largest cosine.
public struct ZeroShotAccuracy: Equatable, Sendable, CustomStringConvertible {
  /// The answers to pictures of one name.
  public struct Tally: Equatable, Sendable {
    /// Pictures that were tried.
    public fileprivate(set) var count = 0
    /// Of them, those whose own name came first.
    public fileprivate(set) var first = 0
    /// Of them, those whose own name was among the first five.
    public fileprivate(set) var firstFive = 0
    /// How often another name came first, by its place.
    fileprivate var wrong: [Int: Int] = [:]

    /// The wrong name that came first most often, of equally frequent ones the one that stands before;
    /// nil where none did.
    public var mostFrequentWrong: (name: Int, count: Int)? {
      wrong.min { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }
  }

  /// By the place of the right name; names without a picture have none.
  public private(set) var tallies: [Int: Tally] = [:]

  /// Pictures that were tried.
  public var count: Int { tallies.values.reduce(0) { $0 + $1.count } }
  /// Of them, those whose own name came first.
  public var first: Int { tallies.values.reduce(0) { $0 + $1.first } }
  /// Of them, those whose own name was among the first five.
  public var firstFive: Int { tallies.values.reduce(0) { $0 + $1.firstFive } }

  /// Nothing tried yet.
  public init() {}

  /// Counts pictures.
  ///
  /// - Parameters:
  ///   - cosines: [R, C], each row a picture's with all names
  ///   - names: the right name of each of the R pictures
  public mutating func add(cosines: Tensor, names: [Int]) {
    let width = cosines.shape[1]
    precondition(cosines.shape[0] == names.count, "\(cosines.shape) for \(names.count) pictures")
    cosines.withElements { cosines in
      for (row, name) in names.enumerated() {
        let ofRow = cosines[row * width..<(row + 1) * width]
        let own = ofRow[ofRow.startIndex + name]
        // Names before one's own, of equal ones those that stand before it.
        let before = ofRow.enumerated().filter { $1 > own || $1 == own && $0 < name }
        tallies[name, default: Tally()].count += 1
        // Nothing comes before what is no number.
        tallies[name]!.first += own.isFinite && before.isEmpty ? 1 : 0
        tallies[name]!.firstFive += own.isFinite && before.count < 5 ? 1 : 0
        // Of equal ones the first that stands there.
        if let answer = before.max(by: {
          $0.element < $1.element || $0.element == $1.element && $0.offset > $1.offset
        }) {
          tallies[name]!.wrong[answer.offset, default: 0] += 1
        }
      }
    }
  }

  /// Tries crops that training does not see.
  public init(
    of teacher: some Teacher, on source: any CropSource, cropsEach: Int, seed: UInt64
  ) throws {
    let names = try teacher.embed(names: source.categories.map(\.name))
    let preprocessing = teacher.preprocessing
    let embeddings = try Parallel.map(source.categories.count) { category in
      // The streams of training are far below.
      var generator = SeededGenerator(seed: seed, stream: .max - UInt64(category))
      let crops = try (0..<cropsEach).map { _ in
        let crop = try source.crop(of: category, seed: generator.next(), variety: 1)
        return preprocessing.pixels(of: [crop.bounds], in: crop)
      }
      return teacher.embed(pixels: Tensor(rows: crops))
    }
    for (category, images) in embeddings.enumerated() {
      add(
        cosines: innerProducts(Variable(images), Variable(names)).value,
        names: Array(repeating: category, count: cropsEach))
    }
  }

  /// "top-1 56.4% (564), top-5 78.9% (789) of 1000".
  public var description: String {
    func share(_ hits: Int) -> String {
      String(format: "%.1f%% (%d)", 100 * Double(hits) / Double(max(1, count)), hits)
    }
    return "top-1 \(share(first)), top-5 \(share(firstFive)) of \(count)"
  }
}
