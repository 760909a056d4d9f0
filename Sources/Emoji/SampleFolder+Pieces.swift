import Foundation
import Images
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// A hundred images after the other; what the JSON will say of them waits in a file a piece.
extension SampleFolder {
  private static let pieceSize = 100

  /// What a piece's file holds.
  private struct Piece: Codable {
    /// Entries of the lists `images` and `annotations`, with commas between them.
    var images: String
    var annotations: String
    /// Of the categories in it, by their place in the plan: how many images have it, how many
    /// objects are of it.
    var imageCounts: [Int: Int] = [:]
    var instanceCounts: [Int: Int] = [:]
  }

  /// How many images of a part an earlier run has made.
  func imagesMade(_ part: Part) -> Int {
    min(plan.count(part.half), piecesMade(part) * Self.pieceSize)
  }

  private func piecesMade(_ part: Part) -> Int {
    (0..<pieceCount(part)).first { !Files.exists(pieceFile($0, part)) } ?? pieceCount(part)
  }

  private func pieceCount(_ part: Part) -> Int {
    (plan.count(part.half) + Self.pieceSize - 1) / Self.pieceSize
  }

  private func pieceFolder(_ part: Part) -> String { "\(path)/\(part.name).pieces" }

  private func pieceFile(_ number: Int, _ part: Part) -> String {
    "\(pieceFolder(part))/\(number).json"
  }

  func removePieces(of part: Part) {
    try? FileManager.default.removeItem(atPath: pieceFolder(part))
  }

  /// - Throws: `Stopped` between images, `InputError` for what cannot be written.
  func makeImages(of part: Part, _ progress: StageProgress) throws {
    let folder = "\(path)/\(part.name)"
    try Files.createFolder(folder)
    try Files.createFolder(pieceFolder(part))
    let count = plan.count(part.half)
    var numbers = (imagesMade(part)..<count).makeIterator()
    var (finished, images) = (imagesMade(part), [Made]())
    let line = WorkLine<Int, Made, any Error> { image in try makeImage(image, part) }
    try line.run(next: { numbers.next() }) { image in
      images.append(image)
      finished += 1
      progress.advance()
      guard images.count == Self.pieceSize || finished == count else { return }
      let number = (finished - 1) / Self.pieceSize
      try Files.write(JSONEncoder().encode(piece(images)), to: pieceFile(number, part))
      images = []
    }
  }

  /// What is known of an image once it is written.
  private struct Made: Sendable {
    let image: String
    let annotations: [String]
    /// Places in the plan's categories, one an object.
    let categories: [Int]
  }

  private func makeImage(_ number: Int, _ part: Part) throws(InputError) -> Made {
    let contents = plan.contents(of: number, part.half)
    let scene = renderer.scene(
      of: contents.map { plan.categories[$0] }, style: part.style, seed: plan.parameters.seed,
      stream: plan.stream(of: number, part.half))
    let name = SampleText.fileName(number)
    let file = "\(path)/\(part.name)/\(name)"
    let partial = "\(pieceFolder(part))/\(name)"
    // What is left of it after an error or a kill goes with the folder of pieces.
    let output = try OpenFile(partial, O_WRONLY | O_CREAT | O_TRUNC, or: "cannot write")
    try withExtendedLifetime(output) { () throws(InputError) in
      try Files.writeAll(
        scene.image.jpegData(quality: scene.quality), to: output.descriptor, path: file)
      guard fsync(output.descriptor) == 0 else { throw .system("cannot write", at: file) }
    }
    guard rename(partial, file) == 0 else { throw .system("cannot write", at: file) }
    let places = Dictionary(uniqueKeysWithValues: contents.map { (plan.categories[$0], $0) })
    return Made(
      image: text.image(number, part.half, contents: contents, scene: scene),
      annotations: text.annotations(number, scene: scene),
      categories: scene.objects.compactMap { places[$0.category] })
  }

  private func piece(_ images: [Made]) -> Piece {
    var piece = Piece(
      images: images.map(\.image).joined(separator: ",\n"),
      annotations: images.flatMap(\.annotations).joined(separator: ",\n"))
    for image in images {
      for category in Set(image.categories) { piece.imageCounts[category, default: 0] += 1 }
      for category in image.categories { piece.instanceCounts[category, default: 0] += 1 }
    }
    return piece
  }

  /// Joins the pieces to the part's JSON file, one after the other.
  func writeJSON(of part: Part) throws {
    let output = try PartFile(path: file(part))
    var imageCounts = [Int](repeating: 0, count: plan.categories.count)
    var instanceCounts = imageCounts
    func write(_ list: KeyPath<Piece, String>) throws {
      var separator = ""
      for number in 0..<pieceCount(part) {
        let file = pieceFile(number, part)
        guard let piece = try? JSONDecoder().decode(Piece.self, from: Files.read(file)) else {
          throw InputError(
            .badData, "not a piece of a data set of scenes", at: file,
            hint: "remove it and run the same command again")
        }
        if !piece[keyPath: list].isEmpty {
          try output.write(separator + piece[keyPath: list])
          separator = ",\n"
        }
        if list == \.annotations {
          for (category, count) in piece.imageCounts { imageCounts[category] += count }
          for (category, count) in piece.instanceCounts { instanceCounts[category] += count }
        }
      }
    }
    try output.write(text.head(part.half))
    try write(\.images)
    try output.write("\n],\n\"annotations\":[\n")
    try write(\.annotations)
    let categories = plan.categories.indices.map {
      text.category($0, images: imageCounts[$0], instances: instanceCounts[$0])
    }
    try output.write("\n],\n\"categories\":[\n\(categories.joined(separator: ",\n"))\n]}\n")
    try output.publish()
  }
}
