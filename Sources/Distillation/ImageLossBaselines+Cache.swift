public import Cache
import Support
public import Training

extension ImageLossBaselines {
  /// Reads the usable images of a teacher's cache twice, in the order of their ids: the distance to
  /// the mean of all needs the mean. Memory does not grow with the cache. Nil where no region is
  /// distilled.
  ///
  /// - Parameters:
  ///   - regionsPerImage: regions of an image that are distilled at most; they are drawn at random.
  ///   - stage: for the progress.
  /// - Throws: `InputError` for a damaged cache, or one that changes meanwhile; `Stopped`.
  public init?(cache reader: TrainingReader, regionsPerImage: Int, stage: String) throws {
    let count = try reader.usableCount()
    let progress = StageProgress(stage: stage, unit: "cache records", total: 2 * count)
    try self.init(regionsPerImage: regionsPerImage) { body in
      for rank in 0..<count {
        try StopSignal.check()
        let record = try reader.record(of: reader.usableImageID(at: rank))
        body(record.vectors, record.boxes.count)
        progress.advance()
      }
    }
    progress.finish()
  }

  /// - Parameter read: hands over the embeddings of every image, R x D unit rows, and R; called
  ///   twice.
  init?(
    regionsPerImage: Int,
    read: (_ body: (_ vectors: [Float], _ regions: Int) -> Void) throws -> Void
  ) rethrows {
    func share(_ regions: Int) -> Double {
      Double(min(regions, regionsPerImage)) / Double(regions)
    }
    var (sum, ofImages, weight) = ([Double](), 0.0, 0.0)
    try read { vectors, regions in
      guard regions > 0 else { return }
      let own = columnSums(vectors, rows: regions)
      if sum.isEmpty { sum = own.map { _ in 0 } }
      for column in sum.indices { sum[column] += share(regions) * own[column] }
      ofImages += share(regions) * distance(of: vectors, to: unit(own))
      weight += share(regions) * Double(regions)
    }
    if weight == 0 { return nil }
    let mean = unit(sum)
    var ofMean = 0.0
    try read { vectors, regions in
      if regions > 0 { ofMean += share(regions) * distance(of: vectors, to: mean) }
    }
    self.init(meanEmbedding: ofMean / weight, imageMeanEmbedding: ofImages / weight)
  }
}

extension TrainingReader {
  /// The normalised mean of the embeddings of all regions of the usable images; nil where there is
  /// none. Memory does not grow with the cache.
  ///
  /// - Throws: `InputError` for a damaged cache, or one that changes meanwhile; `Stopped`.
  public func meanEmbedding() throws -> [Float]? {
    var sum = [Double]()
    for rank in 0..<(try usableCount()) {
      try StopSignal.check()
      let record = try record(of: usableImageID(at: rank))
      guard !record.boxes.isEmpty else { continue }
      let own = columnSums(record.vectors, rows: record.boxes.count)
      sum = sum.isEmpty ? own : zip(sum, own).map(+)
    }
    return sum.isEmpty ? nil : unit(sum)
  }
}

private func columnSums(_ vectors: [Float], rows: Int) -> [Double] {
  let width = vectors.count / rows
  var sums = [Double](repeating: 0, count: width)
  vectors.withUnsafeBufferPointer { vectors in
    for row in 0..<rows {
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
