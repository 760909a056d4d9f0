public import Images
public import Regions
public import Support
public import Tensors

/// Embeds regions of images as the paper does: several crops per region, each through the teacher's
/// image tower, combined into one unit vector.
public struct RegionEmbedder: Sendable {
  /// How the crops of a region become one vector. Part of a cache's recipe.
  public enum Combination: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every crop's vector has length 1 before they are added.
    case unitSum
    /// The tower's vectors are added as they come.
    case rawSum
  }

  /// Whose embeddings these are.
  public let teacher: any Teacher
  /// Which crops are taken of a region.
  public let rule: CropRule
  /// How they are combined.
  public let combination: Combination

  /// The paper's crops at 1x and 1.5x unless told otherwise.
  public init(
    teacher: any Teacher, rule: CropRule = CropRule(), combination: Combination = .unitSum
  ) {
    self.teacher = teacher
    self.rule = rule
    self.combination = combination
  }

  /// Embeds the regions of any number of images and keeps all cores busy until the last.
  ///
  /// Every worker of a `WorkLine` takes the next batch of crops of the images at hand, and decodes
  /// another image when there is none; inside a parallel call the calling thread does all. A batch
  /// holds `Teacher.cropsPerBatch` crops of one image, the last of an image perhaps fewer, so that an
  /// image's embeddings depend neither on the images beside it nor on the number of workers. Crops of
  /// the same pixels of an image are embedded once.
  ///
  /// - Parameters:
  ///   - workers: at least 1; at most one image more is in memory.
  ///   - next: the next image's regions, all finite, on this thread; nil when there are no more. It is
  ///     asked a few images ahead of `deliver`.
  ///   - read: the pixels of an image, on any thread.
  ///   - checkStop: throws when work is to end; asked before every image and every batch. What is
  ///     finished by then is delivered.
  ///   - deliver: takes one result per request, in their order, on this thread.
  /// - Returns: where the workers' time went.
  /// - Throws: what `next`, `deliver` or `checkStop` throws, after all workers have ended.
  @discardableResult
  public func embed(
    workers: Int = Parallel.workers,
    next: () throws -> Proposals?,
    read: @escaping @Sendable (Int) throws(ImageError) -> Image,
    checkStop: @escaping @Sendable () throws(Stopped) -> Void = StopSignal.check,
    deliver: (RegionResult) throws -> Void
  ) throws -> EmbeddingTimes {
    let work = RegionWork(self, read: read)
    let line = RegionWork.Line(
      workers: workers, limit: workers + 1, check: { try checkStop() },
      steps: { request in work.begin(request) })
    try line.run(next: next, deliver: deliver)
    return work.times
  }

  /// The same for requests that are at hand.
  @discardableResult
  public func embed(
    _ requests: some Sequence<Proposals>,
    workers: Int = Parallel.workers,
    read: @escaping @Sendable (Int) throws(ImageError) -> Image,
    checkStop: @escaping @Sendable () throws(Stopped) -> Void = StopSignal.check,
    deliver: (RegionResult) throws -> Void
  ) throws -> EmbeddingTimes {
    var iterator = requests.makeIterator()
    return try embed(
      workers: workers, next: { iterator.next() }, read: read, checkStop: checkStop,
      deliver: deliver)
  }

  /// Embeds regions of one image, on all cores, as unit vectors.
  ///
  /// - Parameter regions: finite.
  public func embed(_ image: Image, _ regions: [Region]) -> EmbeddedRegions {
    var embedded: EmbeddedRegions?
    do {
      try embed(
        [Proposals(imageID: 0, regions: regions)],
        read: { _ throws(ImageError) in image }, checkStop: {},
        deliver: { result in embedded = try result.outcome.get().regions })
    } catch { preconditionFailure("neither reading nor delivering fails: \(error)") }
    return embedded!
  }
}
