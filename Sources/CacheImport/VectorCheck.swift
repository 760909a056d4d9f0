internal import Cache
internal import Regions
internal import Shards
internal import Support

/// Compares files of vectors with what is due.
struct VectorCheck: Sendable {
  let recipeHash: String
  let dimension: Int
  let skippingChanged: Bool
  let due: @Sendable (Int) -> DueImage?

  /// What a file holds.
  struct Result: Sendable {
    /// What can be used: the place in the file, the image's id, the checksum of its vectors, and the hash
    /// of its file.
    var images: [(index: Int, image: Int, checksum: Checksum, content: String)] = []
    /// Images that failed where they were embedded.
    var failed: [Int] = []
    var changed: [(image: Int, why: InputError)] = []
  }

  /// - Throws: `InputError` (`badData`) for a file that cannot be used as a whole.
  func run(_ path: String) throws(InputError) -> Result {
    let file = try VectorFile(path)
    guard file.recipeHash == recipeHash else {
      throw InputError(
        .badData, "the vectors were made by another recipe", at: path,
        expected: "recipe \(recipeHash)", got: file.recipeHash.map { "recipe \($0)" } ?? "none",
        hint: "'vild embed --list' of this pipeline names its recipe: another teacher, other "
          + "preprocessing or other proposals are another cache")
    }
    guard file.width == dimension else {
      throw InputError(
        .badData, "the vectors have another width", at: path, expected: "\(dimension)",
        got: "\(file.width)")
    }
    var result = Result()
    for (index, image) in file.ids.enumerated() {
      if file.hasFailed(index) {
        result.failed.append(image)
      } else if let why = try change(index, of: file) {
        if !skippingChanged { throw why }
        result.changed.append((image, why))
      } else {
        let vectors = try file.unitVectors(index)
        result.images.append(
          (index, image, Self.checksum(vectors), file.content(index) ?? ""))
      }
    }
    return result
  }

  /// Of vectors as a cache stores them.
  static func checksum(_ vectors: [Float]) -> Checksum {
    Half.bits(vectors).withUnsafeBytes { Checksum($0) }
  }

  /// What is not as it was listed of the image at `index`; nil where all is.
  private func change(_ index: Int, of file: VectorFile) throws(InputError) -> InputError? {
    let image = file.ids[index]
    func changed(_ what: String, _ expected: String? = nil, _ got: String? = nil) -> InputError {
      InputError(
        .badData, what, at: file.path, expected: expected, got: got,
        hint: "list and embed it anew, or leave such images out with --skip-changed: 'vild embed' "
          + "makes them")
    }
    guard let due = due(image) else {
      return changed("image \(image) is none of those that this pipeline embeds")
    }
    let content = file.content(index)
    guard content != nil, content == due.content else {
      return changed(
        "the file of image \(image) is not the one that was embedded",
        due.content ?? "a file that can be read", content ?? "none")
    }
    let regions = file.regions(index)
    if RegionsHash.of(regions) == due.regionsHash { return nil }
    let wanted = try due.regions()
    guard wanted.count == regions.count else {
      return changed(
        "image \(image) has another number of regions than proposals", "\(wanted.count)",
        "\(regions.count)")
    }
    let other = wanted.indices.first {
      RegionsHash.of([wanted[$0]]) != RegionsHash.of([regions[$0]])
    }
    let region = other ?? 0
    return changed(
      "region \(region) of image \(image) is not the proposal that is due",
      "\(wanted[region])", "\(regions[region])")
  }
}
