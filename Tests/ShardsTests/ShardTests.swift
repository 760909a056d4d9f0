import Foundation
import Shards
import Support
import TestSupport
import Testing

/// Shards of other columns than the teacher cache's, whose own are in CacheTests.
@Suite struct ShardTests {
  private let recipe = #"{"made":"for this test"}"#
  private let content = Labels(width: 24)

  /// Writes a shard of so many images; blocks hold at most 10 regions.
  private func withShard(
    of count: Int = 40,
    _ body: (_ path: String, _ images: [Labels.Image], _ hash: String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let images = Labels.samples(count, width: content.width)
      let path = "\(folder)/000003.zst"
      let writer = try ShardWriter(
        path: path, content: content, recipe: recipe, shard: 3, blockBytes: 5 * 24 * 10)
      for image in images { try writer.append(image) }
      try body(path, images, try writer.finish())
    }
  }

  @Test func anyColumnsReadBack() throws {
    try withShard { path, images, hash in
      let shard = try ShardReader<Labels>(path: path)
      #expect(try shard.images() == images)
      #expect(shard.header.shard == 3 && shard.header.recipe == recipe)
      #expect(shard.header.recipeHash == Fingerprint.data(Data(recipe.utf8)))
      #expect(shard.content.width == 24 && shard.footer.items == 40)
      #expect(shard.footer.rows == images.reduce(0) { $0 + $1.regions })
      #expect(try shard.verifiedHash() == hash)
      #expect(try Fingerprint.file(path) == hash)
      // 0 + 1 + 2 + 3 + 4 regions a block, and the next image without any.
      #expect(shard.itemsPerBlock == [6, 5, 5, 5, 5, 5, 5, 4])
      // Five columns, one of them in four planes: header, eight frames a block, footer, seek table.
      #expect(shard.frameBoundaries.count == 2 + 8 * 8 + 2)
    }
  }

  /// An index that is known is taken over while the file is the same.
  @Test func openedAgainWithWhatIsKnown() throws {
    try withShard { path, images, _ in
      let index = try ShardReader<Labels>(path: path).index
      let again = try ShardReader<Labels>(path: path, known: index)
      #expect(again.index === index)
      #expect(try again.images() == images)
      let bytes = try Files.read(path)
      try FileManager.default.removeItem(atPath: path)
      try bytes.write(to: URL(filePath: path))
      #expect(try ShardReader<Labels>(path: path, known: index).index !== index)
    }
  }

  /// The first columns alone; the damage in a later one is nobody's business then.
  @Test func onlyTheColumnsThatAreWanted() throws {
    try withShard { path, images, _ in
      let end = try ShardReader<Labels>(path: path).frameBoundaries[1 + 3]
      var bad = try Files.read(path)
      bad[end - 1] ^= 1
      try bad.write(to: URL(filePath: path))
      let shard = try ShardReader<Labels>(path: path)
      let columns = try shard.columns(of: 0, upTo: 1, using: BlockDecoder())
      #expect(try columns.values(1, as: Float.self) == images[..<6].flatMap(\.boxes))
      let error = #expect(throws: InputError.self) { try shard.images() }
      #expect(
        error?.what == "damaged shard: the bytes 1 of 4 of the vectors of block 0 have changed")
    }
  }

  @Test func anotherKindIsRefused() throws {
    struct Others: ShardContent {
      init?(fields: [String: JSONValue]) { if fields["kind"] != .string("others") { return nil } }
      var fields: [String: JSONValue] { ["kind": .string("others")] }
      var columns: [ShardColumn] { [ShardColumn("numbers", rowBytes: 8)] }
      func weight(of item: Int) -> Int { 8 }
      func block(of items: [Int]) -> (rows: Int, columns: [[UInt8]]) {
        (items.count, [Bytes.of(items)])
      }
    }
    try withShard { path, _, _ in
      let error = #expect(throws: InputError.self) { try ShardReader<Others>(path: path) }
      #expect(error?.kind == .badData && error?.what == "damaged shard: it holds other columns")
      #expect(error?.got == #"{"kind":"labels","width":24}"#)
    }
  }

  /// Kinds that take the header for theirs, and whose columns are not those of the blocks.
  @Test func columnsThatContradictTheBlocksAreRefused() throws {
    struct Fewer: Relabelling {
      var labels: Labels
      var columns: [ShardColumn] { labels.columns.dropLast() }
    }
    struct Wider: Relabelling {
      var labels: Labels
      var columns: [ShardColumn] { Labels(width: labels.width + 1).columns }
    }
    try withShard { path, _, _ in
      let fewer = #expect(throws: InputError.self) { try ShardReader<Fewer>(path: path) }
      let wider = #expect(throws: InputError.self) { try ShardReader<Wider>(path: path) }
      for error in [fewer, wider] {
        #expect(error?.what == "damaged shard: its counts and frames contradict each other")
      }
    }
  }

  /// One flipped bit of every byte: refused and named, or noticed by the hashes; never read as
  /// something else.
  @Test func everyByteIsVouchedFor() throws {
    try withShard(of: 12) { path, images, hash in
      let good = try Files.read(path)
      let shard = try ShardReader<Labels>(path: path)
      let ends = Array(shard.frameBoundaries.dropFirst())
      let blocks = 3
      #expect(shard.itemsPerBlock.count == blocks && ends.count == 1 + blocks * 8 + 2)
      let names = [
        "names", "boxes", "bytes 1 of 4 of the vectors", "bytes 2 of 4 of the vectors",
        "bytes 3 of 4 of the vectors", "bytes 4 of 4 of the vectors", "bytes", "cells",
      ]
      var generator = SeededGenerator(seed: 13)
      var unnoticed = 0
      let file = try FileHandle(forUpdating: URL(filePath: path))
      func put(_ byte: UInt8, at position: Int) throws {
        try file.seek(toOffset: UInt64(position))
        try file.write(contentsOf: [byte])
      }
      for position in good.indices {
        try put(good[position] ^ 1 << UInt8.random(in: 0..<8, using: &generator), at: position)
        defer { try? put(good[position], at: position) }
        let text: String
        do throws(InputError) {
          let shard = try ShardReader<Labels>(path: path)
          #expect(try shard.images() == images, "silently wrong at \(position)")
          if position < ends[blocks * 8] {
            #expect(throws: InputError.self, "byte \(position)") { try shard.verifiedHash() }
          } else {
            #expect(try shard.verifiedHash() != hash, "byte \(position)")
          }
          unnoticed += 1
          continue
        } catch {
          text = error.description
        }
        #expect(text.hasPrefix("\(path): damaged shard: "), "byte \(position): \(text)")
        let frame = ends.firstIndex { position < $0 }!
        if (1...blocks * 8) ~= frame {
          let place = "the \(names[(frame - 1) % 8]) of block \((frame - 1) / 8) have changed"
          #expect(text.contains(place), "byte \(position): \(text)")
        }
      }
      #expect(unnoticed < good.count / 50)
      #expect(try Fingerprint.file(path) == hash)
    }
  }

  @Test func everyTruncationIsNoticed() throws {
    try withShard(of: 12) { path, _, _ in
      let good = try Files.read(path)
      let file = try FileHandle(forUpdating: URL(filePath: path))
      for length in good.indices.reversed() {
        try file.truncate(atOffset: UInt64(length))
        let error = #expect(throws: InputError.self) { try ShardReader<Labels>(path: path) }
        #expect(error?.description.hasPrefix("\(path): damaged shard: ") == true, "\(length)")
      }
      try (good + [0]).write(to: URL(filePath: path))
      #expect(throws: InputError.self) { try ShardReader<Labels>(path: path) }
    }
  }

  @Test func aShardOfNothing() throws {
    try withTemporaryFolder { folder in
      let writer = try ShardWriter(
        path: "\(folder)/0", content: content, recipe: recipe, shard: 0)
      _ = try writer.finish()
      let shard = try ShardReader<Labels>(path: "\(folder)/0")
      #expect(try shard.images().isEmpty)
      #expect(shard.footer.items == 0 && shard.footer.rows == 0)
    }
  }
}

/// What takes a shard of labels for its own.
private protocol Relabelling: ShardContent where Item == Labels.Image {
  var labels: Labels { get }
  init(labels: Labels)
}

extension Relabelling {
  init?(fields: [String: JSONValue]) {
    guard let labels = Labels(fields: fields) else { return nil }
    self.init(labels: labels)
  }
  var fields: [String: JSONValue] { labels.fields }
  func weight(of image: Labels.Image) -> Int { labels.weight(of: image) }
  func block(of images: [Labels.Image]) -> (rows: Int, columns: [[UInt8]]) {
    labels.block(of: images)
  }
}
