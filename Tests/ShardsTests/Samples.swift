import Shards
import Support

/// What a label says of an image, and its regions: other columns than the teacher cache's. A region has a
/// box in float32, a vector of D float32 in byte planes, another of D int8, and cells, any number of them.
struct Labels: ShardContent {
  struct Image: Equatable {
    var name: String
    var boxes: [Float]
    var vectors: [Float]
    var bytes: [Int8]
    var cells: [[UInt8]]

    var regions: Int { cells.count }
  }

  enum Column: Int, CaseIterable { case names, boxes, vectors, bytes, cells }

  /// D
  let width: Int

  init(width: Int) { self.width = width }

  init?(fields: [String: JSONValue]) {
    guard fields["kind"] == .string("labels"), case .integer(let width)? = fields["width"],
      (1...4096) ~= width
    else { return nil }
    self.width = Int(width)
  }

  var fields: [String: JSONValue] {
    ["kind": .string("labels"), "width": .integer(Int64(width))]
  }

  var columns: [ShardColumn] {
    [
      ShardColumn(varying: "names"), ShardColumn("boxes", rowBytes: 16),
      ShardColumn("vectors", rowBytes: 4 * width, planes: 4),
      ShardColumn("bytes", rowBytes: width), ShardColumn(varying: "cells"),
    ]
  }

  func weight(of image: Image) -> Int { 5 * width * image.regions }

  /// Names and cells have their lengths in front.
  func block(of images: [Image]) -> (rows: Int, columns: [[UInt8]]) {
    func lengths(_ lengths: [Int]) -> [UInt8] { Bytes.of(lengths.map { UInt32($0) }) }
    let (names, cells) = (images.map { Array($0.name.utf8) }, images.flatMap(\.cells))
    return (
      cells.count,
      [
        zip(images, names).flatMap { lengths([$0.regions, $1.count]) + $1 },
        Bytes.of(images.flatMap(\.boxes)), Bytes.of(images.flatMap(\.vectors)),
        Bytes.of(images.flatMap(\.bytes)), cells.flatMap { lengths([$0.count]) + $0 },
      ]
    )
  }

  /// Images with 0 to 4 regions.
  static func samples(_ count: Int, width: Int) -> [Image] {
    var generator = SeededGenerator(seed: 4)
    return (0..<count).map { index in
      let regions = index % 5
      return Image(
        name: "Bild \(index) ö",
        boxes: (0..<4 * regions).map { _ in Float.random(in: 0..<500, using: &generator) },
        vectors: (0..<width * regions).map { _ in Float.random(in: -1...1, using: &generator) },
        bytes: (0..<width * regions).map { _ in Int8.random(in: -127...127, using: &generator) },
        cells: (0..<regions).map { _ in
          (0..<Int.random(in: 0..<20, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
          }
        })
    }
  }
}

extension ShardReader where Content == Labels {
  /// All images in their order.
  func images(using decoder: BlockDecoder = BlockDecoder()) throws(InputError) -> [Labels.Image] {
    var images: [Labels.Image] = []
    for index in footer.blocks.indices {
      let columns = try columns(of: index, using: decoder)
      func values<Value: BitwiseCopyable>(
        _ column: Labels.Column, as type: Value.Type
      ) throws(InputError) -> [Value] {
        try columns.values(column.rawValue, as: type)
      }
      var (names, cells) = (try values(.names, as: UInt8.self), try values(.cells, as: UInt8.self))
      var boxes = try values(.boxes, as: Float.self)
      var vectors = try values(.vectors, as: Float.self)
      var bytes = try values(.bytes, as: Int8.self)
      for _ in 0..<columns.items {
        let (regions, length) = (names.takeLength(), names.takeLength())
        images.append(
          Labels.Image(
            name: String(decoding: names.take(length), as: UTF8.self),
            boxes: boxes.take(4 * regions),
            vectors: vectors.take(content.width * regions),
            bytes: bytes.take(content.width * regions),
            cells: (0..<regions).map { _ in cells.take(cells.takeLength()) }))
      }
      precondition(names.isEmpty && cells.isEmpty && boxes.isEmpty)
    }
    return images
  }
}

extension Array {
  fileprivate mutating func take(_ count: Int) -> [Element] {
    defer { removeFirst(count) }
    return Array(prefix(count))
  }
}

extension [UInt8] {
  fileprivate mutating func takeLength() -> Int {
    Int(Bytes.load(take(4), at: 0, as: UInt32.self))
  }
}
