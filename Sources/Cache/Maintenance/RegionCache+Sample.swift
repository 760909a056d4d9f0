internal import Regions
internal import Support

extension RegionCache {
  /// How much of a cache is recomputed.
  public enum SampleSize: Equatable, Sendable {
    /// So many images with regions, or all where there are fewer.
    case images(Int)
    /// This share of the images, in 0...1; at least one.
    case share(Double)

    /// At most so many of `images`.
    public func count(of images: Int) -> Int {
      switch self {
      case .images(let count): min(count, images)
      case .share(let share): min(images, max(1, Int((share * Double(images)).rounded())))
      }
    }
  }

  /// What recomputing some images told.
  public struct SampleCheck: Codable, Equatable, Sendable {
    /// Images recomputed.
    public var images: Int
    /// Regions compared.
    public var regions: Int
    /// Of a held and a recomputed embedding, the least cosine; nil where none were compared.
    public var smallestCosine: Double?
    /// The median over all that were compared.
    public var medianCosine: Double?
    /// Of which region of which image the least is.
    public var smallestImage, smallestRegion: Int?
    /// The largest 1 - cosine.
    public var largestDistance: Double
    /// Regions below the bound, images that could not be recomputed.
    public var problems: [CacheProblem]
  }

  /// Recomputes some images with regions and compares the embeddings.
  ///
  /// - Parameters:
  ///   - seed: other seeds give other images.
  ///   - bound: the least cosine; float16 and another machine's float32 stay above 0.99999.
  ///   - recompute: the embeddings, R x D, of the regions of a record. Errors become problems, but
  ///     for a stop, which is thrown on.
  /// - Throws: `InputError` for a cache that cannot be read; `Stopped`.
  public static func sample(
    _ folder: CacheFolder, _ size: SampleSize, seed: UInt64 = 0, bound: Double = 0.9999,
    recompute: (_ imageID: Int, _ record: CacheRecord) throws -> [Float]
  ) throws -> SampleCheck {
    let usable = try UsableImages(of: CacheReader(folder))
    var check = SampleCheck(images: 0, regions: 0, largestDistance: 0, problems: [])
    if usable.count == 0 { return check }
    let most = size.count(of: usable.count)
    // Images without regions count in a share, and not in a number of images.
    let places = if case .share = size { most } else { usable.count }
    var cosines: [Double] = []
    let order = KeyedPermutation(key: KeyedPermutation.mix(seed), count: usable.count)
    for place in 0..<places where check.images < most {
      let image = try usable.id(at: order[place])
      let record: CacheRecord
      do {
        record = try usable.reader.record(of: image)
        if record.regions.isEmpty { continue }
      } catch {
        check.problems.append(
          .init(kind: .damagedShard, images: [image], message: error.description))
        continue
      }
      check.images += 1
      do {
        let vectors = try recompute(image, record)
        let found = record.regions.cosines(with: vectors)
        check.add(found, of: image, bound)
        cosines += found
      } catch let stopped as Stopped {
        throw stopped
      } catch {
        check.problems.append(
          .init(
            kind: .otherEmbedding, images: [image], message: "cannot be recomputed: \(error)"))
      }
    }
    cosines.sort()
    if !cosines.isEmpty {
      check.medianCosine = (cosines[(cosines.count - 1) / 2] + cosines[cosines.count / 2]) / 2
    }
    return check
  }
}

extension RegionCache.SampleCheck {
  /// Adds the cosines of an image's regions.
  fileprivate mutating func add(_ cosines: [Double], of image: Int, _ bound: Double) {
    for (region, cosine) in cosines.enumerated() {
      regions += 1
      if smallestCosine.map({ cosine < $0 }) ?? true {
        (smallestCosine, smallestImage, smallestRegion) = (cosine, image, region)
        largestDistance = max(0, 1 - cosine)
      }
      guard cosine < bound else { continue }
      problems.append(
        .init(
          kind: .otherEmbedding, images: [image],
          message: "region \(region) of image \(image) has cosine \(cosine) with what the teacher "
            + "gives now, below \(bound)"))
    }
  }
}
