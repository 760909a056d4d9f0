package import Cache
package import Detection
import Foundation
package import Images
import Regions
import Student
package import Support
import Tensors

/// The regions of a corpus's images as a store keeps them; no image is read, and no detector runs.
package struct StoredRegions: RegionSource {
  private let images: StoredImages
  private let recipe: StoreRecipe
  package let scorer: any RegionScorer
  package var imagesAtOnce: Int { 16 }

  /// - Parameter scorer: that of the detector that found the regions.
  package init(_ images: StoredImages, of recipe: StoreRecipe, scorer: any RegionScorer) {
    (self.images, self.recipe, self.scorer) = (images, recipe, scorer)
  }

  package func look(at item: ImageLabeller.Item) throws(InputError) -> LookedAtImage {
    let record = try images.record(named: item.name)
    let outcome: LookedAtImage.Outcome =
      if let reason = record.error {
        .hadFailed(reason: reason)
      } else {
        .found(FoundRegions(record, of: recipe), width: record.width, height: record.height)
      }
    return LookedAtImage(outcome: outcome, content: record.content, note: record.note)
  }
}

/// The images of a corpus as a store has them. Memory follows the images.
package struct StoredImages: CorpusImages {
  private let reader: CacheReader
  private let locations: ImageLocations
  private let place: @Sendable (String) -> String

  /// - Parameter place: what errors call an image, by its name.
  package init(
    _ reader: CacheReader, calling place: @escaping @Sendable (String) -> String
  ) throws(InputError) {
    (self.reader, self.place) = (reader, place)
    locations = try reader.locations()
  }

  package func place(of item: ImageLabeller.Item) -> String { place(item.name) }

  package func finding(
    of item: ImageLabeller.Item, _ entry: DetectionFile.Entry, seen stamp: FileStamp?
  ) -> ImageFinding {
    guard let now = locations[StoredImage.id(of: item.name)]?.row, now.error == entry.failure,
      now.content == entry.content
    else { return .other }
    return .same(nil)
  }

  /// - Throws: `InputError` (`missingInput`) for an image that the store lacks; as `CacheReader`.
  func record(named name: String) throws(InputError) -> CacheRecord {
    let id = StoredImage.id(of: name)
    guard let location = locations[id] else {
      throw InputError(
        .missingInput, "the region store does not hold the image", at: place(name),
        expected: "it in \(reader.folder.path)")
    }
    var record = try reader.record(at: location)
    // The same text, once in memory.
    record.content = location.row.content
    guard record.name == name else {
      throw StoredImage.collision(name, record.name ?? "", in: reader.folder.path)
    }
    return record
  }
}

/// How a store tells images.
package enum StoredImage {
  /// An image's number in a store: a hash of its name, as names come and go. Positive, of 63 bits: among
  /// a million names, two have the same with a probability of 10^-7, and that is refused.
  package static func id(of name: String) -> Int {
    Int(PathText.hash(of: name) >> 1)
  }

  /// The refusal (`badData`) of two names with one number.
  package static func collision(_ name: String, _ other: String, in place: String) -> InputError {
    InputError(
      .badData, "two images have the same number in the region store", at: place,
      got: "'\(name)' and '\(other)'", hint: "rename one of them")
  }
}

extension CacheRecord {
  /// What a store keeps of an image that was looked at.
  ///
  /// - Throws: `InputError` for regions, embeddings or masks that are not finite.
  package init(
    _ looked: LookedAtImage, named name: String, of recipe: StoreRecipe
  ) throws(InputError) {
    let id = StoredImage.id(of: name)
    switch looked.outcome {
    case .found(let found, let width, let height):
      self.init(imageID: id, width: width, height: height, regions: EmbeddedRegions())
      try keep(found, of: recipe)
    case .failed(let error):
      self.init(imageID: id, failed: error.reason.status, error: "\(error.inputError)")
    case .hadFailed(let reason):
      preconditionFailure("a store is not made of another: \(reason)")
    }
    self.name = name
    (content, note) = (looked.content, looked.note)
  }

  /// The regions with the highest objectness, of equal ones the earlier.
  private mutating func keep(_ found: FoundRegions, of recipe: StoreRecipe) throws(InputError) {
    let all = found.regions
    let rows = all.indices.sorted { (all[$1].score, $0) < (all[$0].score, $1) }
      .prefix(recipe.regions).sorted()
    let regions = rows.map { all[$0] }
    let heads = recipe.embeddings.map { found.description[$0] }
    let width = recipe.dimension
    var vectors: [Float] = []
    vectors.reserveCapacity(rows.count * heads.count * width)
    for row in rows {
      for head in heads {
        head.withElements { vectors += $0[row * width..<(row + 1) * width] }
      }
    }
    self.regions = EmbeddedRegions(regions, vectors: vectors)
    guard self.regions.isFinite else { throw .notFinite("the embeddings of the regions") }
    status = regions.isEmpty ? .noProposals : .ok
    guard recipe.maskSide > 0, !regions.isEmpty else { return }
    guard let cells = found.masks(regions.boxes) else {
      preconditionFailure("the recipe has masks, and the detector none")
    }
    guard cells.isFinite else { throw .notFinite("the masks") }
    masks = cells.array
  }
}

extension FoundRegions {
  init(_ record: CacheRecord, of recipe: StoreRecipe) {
    let regions = record.regions.regions
    let (width, heads) = (recipe.dimension, recipe.embeddings.count)
    var description = RegionDescription()
    for (index, head) in recipe.embeddings.enumerated() {
      description[head] = Tensor([regions.count, width]) { out in
        record.regions.vectors.withUnsafeBufferPointer { vectors in
          for row in regions.indices {
            let start = (row * heads + index) * width
            _ = UnsafeMutableBufferPointer(rebasing: out[row * width..<(row + 1) * width])
              .initialize(fromContentsOf: vectors[start..<start + width])
          }
        }
      }
    }
    let (side, masks) = (recipe.maskSide, record.masks)
    self.init(regions, description) { boxes in
      side == 0 ? nil : Self.cells(of: boxes, among: regions.boxes, masks, side: side)
    }
  }

  /// - Parameter boxes: of the regions `all`. Equal boxes have equal masks.
  private static func cells(
    of boxes: [Box], among all: [Box], _ masks: [Float], side: Int
  ) -> Tensor {
    let rows = Dictionary(zip(all, all.indices), uniquingKeysWith: { first, _ in first })
    let size = side * side
    return Tensor(
      [boxes.count, side, side],
      boxes.flatMap { box in masks[rows[box]! * size..<(rows[box]! + 1) * size] })
  }
}

extension RegionDescription {
  /// The embeddings of a head, which there must be.
  subscript(_ head: StoreRecipe.Head) -> Tensor {
    get {
      guard let rows = head == .text ? text : image else {
        preconditionFailure("the detector has no \(head.rawValue) head")
      }
      return rows
    }
    set {
      switch head {
      case .text: text = newValue
      case .image: image = newValue
      }
    }
  }
}
