import Cache
import Foundation
import Support
import TestSupport
import Testing

/// One flipped bit in any file of a cache: `verify` names it, or it is of no consequence; training
/// never reads anything else than what was written; and what is named can be mended.
@Suite struct FlippedBitTests {
  private let records = sampleRecords(24)
  private var ids: [Int] { records.map(\.imageID) }

  /// A small cache with the rows of files and of a run, two shards of several blocks.
  private func fillCache(_ root: String) throws -> CacheFolder {
    let cache = try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 12)
    while let unit = try cache.nextUnit() {
      let files = Dictionary(
        uniqueKeysWithValues: unit.imageIDs.map {
          ($0, SeenFile(path: "/data/\($0).jpg", stamp: FileStamp(size: $0, modified: 7)))
        })
      try cache.publish(
        unit, records: records.filter { unit.imageIDs.contains($0.imageID) }, files: files)
    }
    try cache.close(statistics: ["seconds": 1.5])
    return cache.folder
  }

  private func embedAgain(_ root: String) throws {
    let cache = try RegionCache.open(
      folder: root, recipe: sampleRecipe(), imageIDs: ids, unitSize: 12)
    try cache.work { id in try #require(records.first { $0.imageID == id }) }
    try cache.close()
  }

  /// What `verify` says, or the one line that it refuses the cache with.
  private func complaints(_ place: CacheFolder) throws -> [String] {
    do throws(InputError) {
      return try RegionCache.verify(place, .full).map(\.description)
    } catch {
      #expect(error.kind == .badData, "\(error)")
      return [error.description]
    }
  }

  /// All of them, but for where the cache is.
  private func statistics(_ place: CacheFolder) throws -> Data {
    var statistics = try RegionCache.statistics(place)
    statistics.cache = ""
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(statistics)
  }

  /// Goes the way that the line says.
  private func mend(_ place: CacheFolder) throws {
    _ = try CacheFolder.mendRecipe(of: place.path)
    do throws(InputError) {
      _ = try RegionCache.repair(place)
    } catch {
      // A flipped version is that of a newer program.
      #expect(error.what == "the catalogue is of another version", "\(error)")
      try RegionCache.reindex(place)
    }
  }

  @Test func anyBitOfAnyFile() throws {
    try withTemporaryFolder { root in
      let whole = try fillCache("\(root)/whole")
      let view = try TrainingView(whole)
      let statistics = try statistics(whole)
      let files = try FileManager.default.subpathsOfDirectory(atPath: whole.path).sorted().filter {
        (Files.size(of: "\(whole.path)/\($0)") ?? 0) > 0 && !Files.isFolder("\(whole.path)/\($0)")
          && !$0.hasSuffix("-shm")
      }
      #expect(
        files == ["catalogue.sqlite", "recipe.json", "shards/000000.zst", "shards/000001.zst"])
      var mutator = Mutator(seed: 144)
      var (named, harmless, round) = (0, 0, 0)
      let end = ProcessInfo.processInfo.systemUptime + Fuzzing.seconds
      while round < 120 || ProcessInfo.processInfo.systemUptime < end {
        let folder = "\(root)/\(round)"
        let place = CacheFolder(root: folder, recipe: whole.recipe)
        try FileManager.default.copyItem(atPath: "\(root)/whole", toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Every second time the catalogue, of which the most is at stake.
        let name = round % 2 == 0 ? files[0] : files[mutator.below(files.count)]
        let path = "\(place.path)/\(name)"
        var bytes = try Files.read(path)
        let (position, bit) = (mutator.below(bytes.count), mutator.below(8))
        bytes[position] ^= 1 << UInt8(bit)
        try bytes.write(to: URL(filePath: path))
        let what: Comment = "round \(round): bit \(bit) of byte \(position) of \(name)"
        round += 1

        let found = try complaints(place)
        let read = Result { try TrainingView(place) }
        switch read {
        case .success(let read): #expect(read == view, what)
        case .failure(let error):
          #expect(error is InputError, what)
          #expect(!found.isEmpty, what)
        }
        if found.isEmpty {
          harmless += 1
          #expect(name == "catalogue.sqlite", what)
          // Neither for those who look nor for those who write.
          #expect(try self.statistics(place) == statistics, what)
          try embedAgain(folder)
          #expect(try TrainingView(place) == view, what)
        } else {
          named += 1
          #expect(found.allSatisfy { !$0.contains("\n") }, what)
          if round % 3 == 0 {
            try mend(place)
            try embedAgain(folder)
            #expect(try complaints(place).isEmpty, what)
            #expect(try TrainingView(place).records == view.records, what)
          }
        }
      }
      #expect(named > round / 3, "\(named) of \(round) named, \(harmless) harmless")
    }
  }
}
