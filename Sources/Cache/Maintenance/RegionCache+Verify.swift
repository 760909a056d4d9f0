internal import Shards
public import Support

extension RegionCache {
  /// How much `verify` looks at.
  public enum Depth: String, Codable, Sendable {
    /// Sizes, headers, footers, counts, and the hash of every file.
    case quick
    /// Also decodes everything: rows against the catalogue, norms, finite boxes.
    case full
  }

  /// Compares a cache with its promises, and with the image files that it was made of as far as these
  /// are still there; an empty list is a sound cache.
  ///
  /// An image file counts as unchanged where its size and time are what they were; else its content
  /// decides.
  /// Reads only. Shards that others publish meanwhile may show up as unknown.
  /// - Parameter readingImages: whether every image file is read, whatever it looks like.
  /// - Throws: `InputError` where there is no cache of this recipe (`missingInput`), or its
  ///   catalogue is of a newer version (`badData`).
  public static func verify(
    _ folder: CacheFolder, _ depth: Depth, readingImages: Bool = false
  ) throws(InputError) -> [CacheProblem] {
    try folder.requireRecipe()
    var problems: [CacheProblem] = []
    var known: [Catalogue.ShardRow] = []
    do throws(InputError) {
      let reader = try CacheReader(folder)
      let catalogue = reader.catalogue
      let damage = try catalogue.damage()
      problems = try (damage.isEmpty ? catalogue.contradictions() : damage).map {
        CacheProblem(
          kind: .damagedCatalogue, images: [], message: "\(folder.catalogue): \($0)")
      }
      // What its rows say of the shards is worth nothing then.
      if !damage.isEmpty { return problems }
      _ = try UsableImages(of: reader)
      let rows = try catalogue.shards()
      for row in rows {
        let locations = try catalogue.locations(in: row.unit)
        problems += ShardVerification(
          folder: folder, catalogue: catalogue, row: row, locations: locations
        ).run(depth)
      }
      known = rows
      problems += changedImages(try catalogue.knownImages(), readingAll: readingImages)
    } catch {
      guard Catalogue.canBeRebuilt(after: error) else { throw error }
      let problem = CacheProblem(kind: .damagedCatalogue, images: [], message: error.description)
      return problems + [problem]
    }
    let numbers = Set(known.map(\.unit))
    for number in try folder.shardNumbers() where !numbers.contains(number) {
      problems.append(
        CacheProblem(
          kind: .unknownShard, shard: number, images: [],
          message: "\(folder.shard(number)) is not in the catalogue"))
    }
    return problems
  }
}

extension RegionCache {
  private static func changedImages(
    _ images: [Int: KnownImage], readingAll: Bool
  ) -> [CacheProblem] {
    images.sorted { $0.key < $1.key }.compactMap { image, known in
      guard let file = known.file, let stamp = FileStamp(file.path),
        readingAll || stamp != file.stamp, let content = try? Fingerprint.file(file.path),
        content != known.content
      else { return nil }
      return CacheProblem(
        kind: .changedImage, images: [image],
        message: "\(file.path) is not what was embedded any more")
    }
  }
}

/// The comparison of one shard with what the catalogue says of it.
private struct ShardVerification {
  let folder: CacheFolder
  let catalogue: Catalogue
  let row: Catalogue.ShardRow
  /// Of the images that count as this shard's.
  let locations: [ImageLocation]

  func run(_ depth: RegionCache.Depth) -> [CacheProblem] {
    let path = folder.shard(row.unit)
    guard Files.exists(path) else { return [problem(.missingShard, "\(path) is not there")] }
    let shard: CacheShard
    let isUnchanged: Bool
    do {
      shard = try CacheShard(path: path, in: folder)
      if shard.header.shard != row.unit {
        let name = CacheFolder.shardName(shard.header.shard)
        return [problem(.misplacedShard, "\(path) is what was published as \(name)")]
      }
      isUnchanged = try fileHash(shard) == row.sha256
    } catch {
      return [problem(.damagedShard, error.description)]
    }
    var problems: [CacheProblem] = []
    // A changed file is decoded whatever the depth, to name the blocks.
    if depth == .full || !isUnchanged { problems += blocks(of: shard) }
    if !isUnchanged && problems.isEmpty {
      problems.append(
        problem(.damagedShard, "\(path) is not the file that was published, yet reads the same"))
    }
    let counts = (shard.footer.blocks.count, shard.footer.items, shard.footer.rows)
    if counts != (row.blocks, row.images, row.regions) {
      problems.append(problem(.disagreement, "\(path) holds \(counts) (blocks, images, regions)"))
    }
    return problems
  }

  /// The hash of the file; empty where its beginning contradicts the footer.
  private func fileHash(_ shard: CacheShard) throws(InputError) -> String {
    do throws(InputError) {
      return try shard.verifiedHash()
    } catch {
      if error.kind == .badData { return "" }
      throw error
    }
  }

  private func blocks(of shard: CacheShard) -> [CacheProblem] {
    var problems: [CacheProblem] = []
    for index in shard.footer.blocks.indices {
      let expected = locations.filter { $0.block == index }
      let images = expected.map(\.row.imageID)
      do throws(InputError) {
        let block = try shard.block(index)
        let here = Set(images)
        var rows: [ImageRow] = []
        for row in block.rows {
          let counts = here.contains(row.imageID) ? true : try !hasLeft(row)
          if counts { rows.append(row) }
        }
        if rows != expected.map(\.row) {
          problems.append(problem(.disagreement, "other image rows", block: index, images: images))
        }
        for (image, row) in block.rows.enumerated() {
          do throws(InputError) {
            try block.record(image).check(shard.content, at: shard.path)
          } catch {
            problems.append(
              problem(.badRecord, error.description, block: index, images: [row.imageID]))
          }
        }
      } catch {
        problems.append(
          problem(.damagedShard, error.description, block: index, images: images))
      }
    }
    return problems
  }

  /// Whether an image is a later shard's by now, or is to be.
  private func hasLeft(_ row: ImageRow) throws(InputError) -> Bool {
    try catalogue.unit(of: row.imageID).map { $0 > self.row.unit } ?? false
  }

  private func problem(
    _ kind: CacheProblem.Kind, _ message: String, block: Int? = nil, images: [Int] = []
  ) -> CacheProblem {
    CacheProblem(kind: kind, shard: row.unit, block: block, images: images, message: message)
  }
}
