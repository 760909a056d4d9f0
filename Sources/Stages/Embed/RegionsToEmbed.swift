import Cache
import Datasets
import Regions
import Support

/// The offline proposals that are to be embedded. They stay in their file and are read image by image.
struct RegionsToEmbed: Sendable {
  /// An image of the cache.
  struct Image: Sendable {
    let id: Int
    /// How many regions it has.
    let count: Int
    /// `RegionsHash` of its boxes and scores.
    let hash: String
    fileprivate let entry: ProposalsIndex.Entry
  }

  /// What is in memory of an image, about.
  static let bytesPerImage = 300

  /// One an image of the cache.
  let images: [Image]
  /// The categories whose boxes trained what made the proposals.
  let labels: [String]
  /// The places in `images`, by id.
  private let places: [Int: Int]
  private let file: ProposalsIndex

  /// - Parameter path: a file of the stage `propose`.
  /// - Throws: `InputError` for one that is damaged.
  init(_ path: String) throws(InputError) {
    var hashes: [String] = []
    let file = try ProposeStage.reading { () throws(InputError) in
      try ProposalsIndex(path: path) { hashes.append(RegionsHash.of($0.regions)) }
    }
    images = zip(file.images, hashes).map { entry, hash in
      Image(id: entry.imageID, count: entry.count, hash: hash, entry: entry)
    }
    places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.id, $0) })
    (self.file, labels) = (file, file.header.labelSet)
  }

  /// Those of some images alone, in the same order.
  func only(_ ids: some Sequence<Int>) -> RegionsToEmbed {
    let wanted = Set(ids)
    return RegionsToEmbed(images.filter { wanted.contains($0.id) }, of: self)
  }

  private init(_ images: [Image], of other: RegionsToEmbed) {
    self.images = images
    places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.id, $0) })
    (file, labels) = (other.file, other.labels)
  }

  var ids: [Int] { images.map(\.id) }

  /// The proposals of an image of the cache.
  ///
  /// - Throws: `InputError` where the file has changed since it was opened.
  func read(_ image: Int) throws(InputError) -> Proposals {
    try file.proposals(of: images[places[image]!].entry)
  }
}

extension [RegionsToEmbed.Image] {
  /// The number of all regions.
  var regions: Int { reduce(0) { $0 + $1.count } }
}
