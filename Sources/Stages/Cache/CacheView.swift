public import Cache
import Foundation
import Support

/// What the cache commands print, for people.
public enum CacheView {
  public static func lines(_ found: CacheStage.Verification) -> [String] {
    let sample = found.sample.map { sample in
      let cosines = [("smallest", sample.smallestCosine), ("median", sample.medianCosine)]
        .compactMap { name, cosine in cosine.map { String(format: ", \(name) cosine %.7f", $0) } }
      return "\(found.cache): \(sample.regions.counted("region")) of "
        + "\(sample.images.counted("image")) embedded anew" + cosines.joined()
    }
    let sound = found.problems.isEmpty ? ["\(found.cache): sound"] : []
    return [sample].compactMap(\.self) + found.problems.map { "\(found.cache): \($0)" } + sound
  }

  public static func lines(_ done: CacheStage.Repair) -> [String] {
    let actions = done.repair.actions.map { "\(done.cache): \($0)" }
    let remaining = done.repair.remaining.map { "\(done.cache): still \($0)" }
    return actions + (remaining.isEmpty ? ["\(done.cache): sound"] : remaining)
  }

  public static func lines(_ garbage: CacheGarbage) -> [String] {
    garbage.items.map { "\($0.path): \($0.reason.rawValue), \($0.bytes.counted("byte"))" } + [
      garbage.isRemoved
        ? "removed \(garbage.bytes.counted("byte"))"
        : "\(garbage.bytes.counted("byte")) of garbage\(garbage.bytes > 0 ? "; --delete removes them" : "")"
    ]
  }

  public static func lines(_ info: CacheStage.Info) -> [String] {
    [
      info.cache, "  images   \(info.images) of \(info.total), \(info.failures) failed",
      "  regions  \(info.regions)", "  content  \(info.content)",
      "  recipe   \(String(decoding: Fingerprint.canonicalJSON(info.recipe), as: UTF8.self))",
    ]
  }

  public static func lines(_ statistics: CacheStatistics) -> [String] {
    let done = statistics.imagesByStatus.sorted { $0.key < $1.key }
    let units = statistics.units.sorted { $0.key < $1.key }
    var lines = [
      statistics.cache,
      "  images    \(done.reduce(0) { $0 + $1.value }) of \(statistics.images): "
        + done.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
      "  regions   \(statistics.regions)",
      "  bytes     \(statistics.bytes)"
        + (statistics.bytesPerRegion.map { String(format: ", %.1f a region", $0) } ?? ""),
      "  shards    \(statistics.shards), of \(statistics.blocks.counted("block"))",
      "  units     " + units.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
    ]
    for failure in statistics.failures {
      lines.append(
        "  failed    \(failure.images) \(failure.status.rawValue), such as image "
          + "\(failure.example): \(failure.reason)")
    }
    for run in statistics.runs {
      let date = Date(timeIntervalSince1970: run.started).formatted(.iso8601)
      let time = run.seconds.map { String(format: " in %.0f s", $0) } ?? ", not ended"
      let rate = run.regionsPerSecond.map { String(format: ", %.1f regions/s", $0) } ?? ""
      // The shards of vectors that were computed elsewhere are as any others.
      let imported = run.arguments.dropFirst().starts(with: ["cache", "import"]) ? "imported " : ""
      lines.append(
        "  run       \(date): \(imported)\(run.images.counted("image")), \(run.regions.counted("region"))"
          + time + rate)
    }
    return lines
  }

  public static func lines(_ merge: CacheMerge) -> [String] {
    [
      "added \(merge.images.counted("image")) in "
        + "\((merge.shardsTaken + merge.shardsWritten).counted("shard")); "
        + "\(merge.imagesInBoth) were there already"
    ]
  }
}
