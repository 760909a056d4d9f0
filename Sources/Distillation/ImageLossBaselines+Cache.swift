public import Cache
import Regions
public import Support
public import Training

extension ImageLossBaselines {
  /// Reads the usable images of a teacher's cache twice, in the order of their ids: the distance to
  /// the mean of all needs the mean. Memory does not grow with the cache. Nil where no region is
  /// distilled.
  ///
  /// - Parameters:
  ///   - regionsPerImage: regions of an image that are distilled at most; they are drawn at random.
  ///   - stage: for the progress.
  ///   - console: where that is shown.
  /// - Throws: `InputError` for a damaged cache, or one that changes meanwhile; `Stopped`.
  public init?(
    cache images: UsableImages, regionsPerImage: Int, stage: String, on console: Console
  ) throws {
    let progress = StageProgress(
      stage: stage, unit: "cache records", total: 2 * images.count, on: console)
    try self.init(regionsPerImage: regionsPerImage) { body in
      for rank in 0..<images.count {
        try StopSignal.check()
        body(try images.record(at: rank).regions)
        progress.advance()
      }
    }
    progress.finish()
  }

  /// - Parameter read: hands over the regions of every image; called twice.
  init?(
    regionsPerImage: Int, read: (_ body: (EmbeddedRegions) -> Void) throws -> Void
  ) rethrows {
    func share(_ regions: EmbeddedRegions) -> Double {
      Double(min(regions.count, regionsPerImage)) / Double(regions.count)
    }
    var (sum, ofImages, weight) = ([Double](), 0.0, 0.0)
    try read { regions in
      guard !regions.isEmpty else { return }
      let own = columnSums(regions)
      if sum.isEmpty { sum = own.map { _ in 0 } }
      for column in sum.indices { sum[column] += share(regions) * own[column] }
      ofImages += share(regions) * distance(of: regions.vectors, to: unit(own))
      weight += share(regions) * Double(regions.count)
    }
    if weight == 0 { return nil }
    let mean = unit(sum)
    var ofMean = 0.0
    try read { regions in
      if !regions.isEmpty {
        ofMean += share(regions) * distance(of: regions.vectors, to: mean)
      }
    }
    self.init(meanEmbedding: ofMean / weight, imageMeanEmbedding: ofImages / weight)
  }
}

extension UsableImages {
  /// The normalised mean of the embeddings of all regions of these images; nil where there is
  /// none. Memory does not grow with the cache.
  ///
  /// - Throws: `InputError` for a damaged cache, or one that changes meanwhile; `Stopped`.
  public func meanEmbedding() throws -> [Float]? {
    var sum = [Double]()
    for rank in 0..<count {
      try StopSignal.check()
      let record = try record(at: rank)
      guard !record.regions.isEmpty else { continue }
      let own = columnSums(record.regions)
      sum = sum.isEmpty ? own : zip(sum, own).map(+)
    }
    return sum.isEmpty ? nil : unit(sum)
  }
}

private func columnSums(_ regions: EmbeddedRegions) -> [Double] {
  let width = regions.width
  var sums = [Double](repeating: 0, count: width)
  regions.vectors.withUnsafeBufferPointer { vectors in
    for row in 0..<regions.count {
      for column in 0..<width { sums[column] += Double(vectors[row * width + column]) }
    }
  }
  return sums
}

/// Zero where there is no direction.
private func unit(_ vector: [Double]) -> [Float] {
  let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return vector.map { norm > 0 ? Float($0 / norm) : 0 }
}

/// |row - answer|, summed over rows and columns.
private func distance(of vectors: [Float], to answer: [Float]) -> Double {
  var total = 0.0
  vectors.withUnsafeBufferPointer { vectors in
    answer.withUnsafeBufferPointer { answer in
      for row in stride(from: 0, to: vectors.count, by: answer.count) {
        for column in answer.indices {
          total += Double(abs(vectors[row + column] - answer[column]))
        }
      }
    }
  }
  return total
}
