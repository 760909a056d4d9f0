/// The regions of one image, R of them, each with its embedding of width D.
///
/// The box, score and vector of a region are chosen, moved and dropped together, by these methods
/// alone, so that none is ever beside another region's.
public struct EmbeddedRegions: Equatable, Sendable {
  /// R regions.
  public let regions: [Region]
  /// [R, D] row by row, in one piece of memory.
  public let vectors: [Float]

  /// No regions.
  public init() { (regions, vectors) = ([], []) }

  /// - Parameter vectors: [R, D] row by row, of the regions in order.
  public init(_ regions: [Region], vectors: [Float]) {
    precondition(
      regions.isEmpty ? vectors.isEmpty : vectors.count % regions.count == 0,
      "one vector per region")
    self.regions = regions
    self.vectors = vectors
  }

  /// R
  public var count: Int { regions.count }
  /// Whether there is no region.
  public var isEmpty: Bool { regions.isEmpty }
  /// D; 0 where there is no region.
  public var width: Int { regions.isEmpty ? 0 : vectors.count / regions.count }
  /// Whether every number of every embedding is finite.
  public var isFinite: Bool {
    // One more in the exponent, and what is not finite reaches the sign; no branch in the loop.
    vectors.reduce(UInt32(0)) { $0 | ($1.bitPattern & 0x7FFF_FFFF &+ 0x0080_0000) } >> 31 == 0
  }

  /// The embedding of the region at `row`: D numbers.
  public func vector(at row: Int) -> ArraySlice<Float> {
    vectors[row * width..<(row + 1) * width]
  }

  /// The regions at `rows`, in that order.
  public func choosing(_ rows: [Int]) -> EmbeddedRegions {
    EmbeddedRegions(rows.map { regions[$0] }, vectors: vectors(at: rows))
  }

  /// The regions that are still there once their boxes are moved, in order.
  ///
  /// - Parameters:
  ///   - limit: how many to keep at most; of more, some are drawn without replacement.
  ///   - generator: draws them; it is asked nothing where all are kept.
  ///   - place: the new box; nil for a region that is lost.
  /// - Returns: the regions that are kept, and how many were lost whatever the limit.
  public func moved(
    atMost limit: Int = .max, using generator: inout some RandomNumberGenerator,
    _ place: (Box) -> Box?
  ) -> (kept: EmbeddedRegions, lost: Int) {
    let boxes = regions.map { place($0.box) }
    let visible = boxes.indices.filter { boxes[$0] != nil }
    let rows =
      visible.count > limit
      ? visible.shuffled(using: &generator).prefix(limit).sorted() : visible
    let kept = EmbeddedRegions(
      rows.map { Region(box: boxes[$0]!, score: regions[$0].score) }, vectors: vectors(at: rows))
    return (kept, count - visible.count)
  }

  /// - Parameter rows: in 0..<R.
  private func vectors(at rows: [Int]) -> [Float] {
    if rows.elementsEqual(regions.indices) { return vectors }
    let width = width
    return [Float](unsafeUninitializedCapacity: rows.count * width) { chosen, filled in
      vectors.withUnsafeBufferPointer { vectors in
        for row in rows {
          let vector = UnsafeBufferPointer(rebasing: vectors[row * width..<(row + 1) * width])
          _ = chosen[filled..<filled + width].update(fromContentsOf: vector)
          filled += width
        }
      }
    }
  }
}
