internal import Regions
internal import Support

extension RegionCache {
  /// What recomputing some images told.
  public struct SampleCheck: Codable, Equatable, Sendable {
    /// Images recomputed.
    public var images: Int
    /// Regions compared.
    public var regions: Int
    /// The largest 1 - cosine between a held and a recomputed embedding.
    public var largestDistance: Double
    /// Regions that differ by more than the bound, images that could not be recomputed.
    public var problems: [CacheProblem]
  }

  /// Recomputes a share of the images with regions and compares the embeddings.
  ///
  /// - Parameters:
  ///   - share: of the images, in 0...1; at least one image is taken.
  ///   - seed: other seeds give other images.
  ///   - bound: how far 1 - cosine may go; float16 and another machine's arithmetic stay below
  ///     1e-5.
  ///   - recompute: the embeddings, R x D, of the regions of a record. Errors become problems, but
  ///     for a stop, which is thrown on.
  /// - Throws: `InputError` for a cache that cannot be read; `Stopped`.
  public static func sample(
    _ folder: CacheFolder, share: Double, seed: UInt64 = 0, bound: Double = 1e-3,
    recompute: (_ imageID: Int, _ record: CacheRecord) throws -> [Float]
  ) throws -> SampleCheck {
    precondition((0...1).contains(share) && bound > 0)
    let usable = try UsableImages(of: CacheReader(folder))
    var check = SampleCheck(images: 0, regions: 0, largestDistance: 0, problems: [])
    if usable.count == 0 { return check }
    let order = KeyedPermutation(key: KeyedPermutation.mix(seed), count: usable.count)
    for place in 0..<max(1, Int((share * Double(usable.count)).rounded())) {
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
        compare(record, with: vectors, width: folder.recipe.columns.width, bound, &check)
      } catch let stopped as Stopped {
        throw stopped
      } catch {
        check.problems.append(
          .init(
            kind: .otherEmbedding, images: [image], message: "cannot be recomputed: \(error)"))
      }
    }
    return check
  }

  private static func compare(
    _ record: CacheRecord, with vectors: [Float], width: Int, _ bound: Double,
    _ check: inout SampleCheck
  ) {
    let known = record.regions.vectors
    precondition(vectors.count == known.count, "one vector per region")
    for region in 0..<record.regions.count {
      var (dot, held, made) = (0.0, 0.0, 0.0)
      for i in region * width..<(region + 1) * width {
        let (a, b) = (Double(known[i]), Double(vectors[i]))
        dot += a * b
        held += a * a
        made += b * b
      }
      let distance = 1 - dot / (held * made).squareRoot()
      check.regions += 1
      check.largestDistance = max(check.largestDistance, distance.isNaN ? 2 : distance)
      guard !(distance <= bound) else { continue }
      check.problems.append(
        .init(
          kind: .otherEmbedding, images: [record.imageID],
          message: "region \(region) of image \(record.imageID) is at 1 - cosine \(distance) of "
            + "what the teacher gives now, beyond \(bound)"))
    }
  }
}
