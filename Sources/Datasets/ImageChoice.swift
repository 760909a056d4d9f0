public import Support

/// Which images of an annotation file are used: those on a list, and of these a limited number.
///
/// A limit keeps the images whose number by (seed, file name without folder and extension) is
/// smallest: the same ones on every machine, whatever the file's order or form, and a larger limit
/// adds to those of a smaller.
public struct ImageChoice: Hashable, Sendable {
  /// A text file that names images (`ImageList`); nil for all.
  public var list: String?
  /// At most so many images, at least 1; nil for all.
  public var limit: Int?
  /// Another seed keeps other images.
  public var seed: UInt64

  public init(list: String? = nil, limit: Int? = nil, seed: UInt64 = 0) {
    self.list = list
    self.limit = limit
    self.seed = seed
  }

  /// Every image.
  public static let all = ImageChoice()

  /// What decides about an image under a limit: the smallest stay.
  func number(of fileName: String) -> UInt64 {
    // FNV-1a. Hasher would give other values in the next process.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in PathText.withoutEnding(PathText.name(of: fileName)).utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    var generator = SeededGenerator(seed: seed, stream: hash)
    return generator.next()
  }
}

extension COCODataset {
  /// Reads annotations as `init(path:)` does, and keeps the chosen images with all categories.
  ///
  /// - Throws: `InputError` also for a list that cannot be read, or names an image that is not there.
  public init(
    path: String, choosing choice: ImageChoice, passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    let whole =
      PascalVOC.isAnnotations(path)
      ? try COCODataset(voc: path, on: choice.list.map(ImageList.init))
      : try COCODataset(path: path, passingOver: passedOver).on(choice.list.map(ImageList.init))
    self = try whole.limited(by: choice)
  }

  /// The images that `list` names.
  private func on(_ list: ImageList?) throws(InputError) -> COCODataset {
    guard let list else { return self }
    return try keeping(try list.positions(of: images.map(\.listed), in: source))
  }

  private func limited(by choice: ImageChoice) throws(InputError) -> COCODataset {
    guard let limit = choice.limit, limit < images.count else { return self }
    let numbers = images.map { choice.number(of: $0.fileName) }
    let order = images.indices.sorted {
      (numbers[$0], images[$0].fileName) < (numbers[$1], images[$1].fileName)
    }
    return try keeping(Set(order.prefix(limit)))
  }
}

extension COCODataset.Image {
  /// What a list may call it.
  fileprivate var listed: ImageList.Names {
    let path = addressFolder.map { "\($0)/\(fileName)" }
    let last = PathText.name(of: fileName)
    return ImageList.Names(
      full: [fileName, path].compactMap(\.self),
      short: [
        last, PathText.withoutEnding(fileName), PathText.withoutEnding(last), "\(id)",
      ])
  }
}
