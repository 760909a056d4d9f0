/// One of several parts of the same work, which machines do without a word to each other: of units
/// numbered from 0, those whose number divided by `count` leaves `index`.
public struct WorkPart: Equatable, Sendable, CustomStringConvertible {
  /// In 0..<count: it counts from 0, as the ids of array jobs and completion indexes do.
  public let index: Int
  /// How many parts there are, at least 1.
  public let count: Int

  /// - Parameters:
  ///   - index: in 0..<count.
  ///   - count: at least 1.
  public init(_ index: Int, of count: Int) {
    precondition(count > 0 && (0..<count).contains(index), "no such part")
    (self.index, self.count) = (index, count)
  }

  /// As in "3/8".
  public var description: String { "\(index)/\(count)" }

  /// Numbers as Slurm's `--array` takes them: "1,3-5".
  public static func list(_ numbers: some Sequence<Int>) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in Set(numbers).sorted() {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

/// All images of a cache in units, the same on every machine that has the same list of them: those of a
/// new cache, whole but for the last and numbered from 0.
package struct UnitPlan: Sendable {
  /// In the order in which a cache is given them.
  let imageIDs: [Int]
  /// Images a unit, at least 1.
  let size: Int

  package init(_ imageIDs: [Int], size: Int) {
    precondition(size > 0)
    (self.imageIDs, self.size) = (imageIDs, size)
  }

  /// How many units there are.
  package var count: Int { (imageIDs.count + size - 1) / size }

  func images(of unit: Int) -> ArraySlice<Int> {
    imageIDs[unit * size..<min((unit + 1) * size, imageIDs.count)]
  }

  /// The numbers of a part's units, ascending.
  package func units(of part: WorkPart) -> [Int] {
    Array(stride(from: part.index, to: count, by: part.count))
  }
}
