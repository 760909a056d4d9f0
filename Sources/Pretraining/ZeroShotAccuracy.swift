import Foundation
import Images
import Support
public import Teacher
public import Tensors

/// How often a teacher names pictures rightly among all names: by the largest cosine.
public struct ZeroShotAccuracy: Equatable, Sendable, CustomStringConvertible {
  /// Pictures that were tried.
  public private(set) var count = 0
  /// Of them, those whose own name came first.
  public private(set) var first = 0
  /// Of them, those whose own name was among the first five.
  public private(set) var firstFive = 0

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
        let rank = ofRow.enumerated().count { $1 > own || $1 == own && $0 < name }
        count += 1
        first += rank == 0 ? 1 : 0
        firstFive += rank < 5 ? 1 : 0
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
