import Foundation
import Images
import Regions
import Support
import Synchronization
import Tensors

/// What the workers of a line do with images of regions, and where their time goes.
final class RegionWork: Sendable {
  typealias Line = WorkLine<Proposals, RegionResult, any Error>

  private let embedder: RegionEmbedder
  private let read: @Sendable (Int) throws(ImageError) -> Image
  private let spent = Mutex(EmbeddingTimes())

  init(
    _ embedder: RegionEmbedder, read: @escaping @Sendable (Int) throws(ImageError) -> Image
  ) {
    (self.embedder, self.read) = (embedder, read)
  }

  /// So far.
  var times: EmbeddingTimes { spent.withLock { $0 } }

  /// Decodes the image; its batches of crops are the parts.
  func begin(_ request: Proposals) -> Line.Step {
    let outcome = measure(\.decode) { () -> Result<PlannedRegions, ImageError> in
      Result { () throws(ImageError) in try read(request.imageID) }
        .map { embedder.plan(request.regions, of: $0) }
    }
    let width = embedder.teacher.width
    func result(_ outcome: Result<RegionResult.Embeddings, ImageError>) -> RegionResult {
      RegionResult(request: request, outcome: outcome)
    }
    switch outcome {
    case .failure(let error): return .done(result(.failure(error)))
    case .success(let regions) where regions.batches.isEmpty:
      return .done(result(.success(regions.embeddings(from: [], width: width))))
    case .success(let regions):
      return .parts(
        Line.Parts(regions.batches.count) { [self] batch in
          embed(regions.batches[batch], of: regions)
        } join: { rows in
          RegionResult(
            request: request, outcome: .success(regions.embeddings(from: rows, width: width)))
        })
    }
  }

  /// [crops of the batch, D]
  private func embed(_ batch: Range<Int>, of regions: PlannedRegions) -> Tensor {
    let teacher = embedder.teacher
    let pixels = measure(\.crops) {
      teacher.preprocessing.pixels(of: regions.crops[batch], in: regions.image)
    }
    return measure(\.tower) {
      switch embedder.combination {
      case .unitSum: teacher.embed(pixels: pixels)
      case .rawSum: teacher.embedUnnormalized(pixels: pixels)
      }
    }
  }

  private func measure<Result>(
    _ kind: WritableKeyPath<EmbeddingTimes, Double>, _ body: () -> Result
  ) -> Result {
    let start = ProcessInfo.processInfo.systemUptime
    defer {
      let seconds = ProcessInfo.processInfo.systemUptime - start
      spent.withLock { $0[keyPath: kind] += seconds }
    }
    return body()
  }
}
