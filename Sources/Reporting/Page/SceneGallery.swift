public import Datasets
public import Detection
public import Evaluation
package import Foundation
public import Images
package import Regions

/// Validation images with their objects and detections: the worst, those around the median and the
/// best by `ImageScore`.
public struct SceneGallery: Sendable {
  /// An object or a detection in an image.
  package struct Object: Sendable {
    package let name: String
    package let isNovel: Bool
    /// Of a detection, by its category.
    package let color: Color?
    /// In pixels of the image.
    package let box: Box
    /// Of a detection that has one.
    package let mask: Mask?
    /// Of a detection.
    package let score: Float?
    /// Of a detection whether it is right, of an object whether it is found.
    package let judgement: ImageScore.Judgement
  }

  /// An image.
  package struct Scene: Sendable {
    package let file: String
    /// In pixels, as the boxes are.
    package let width, height: Int
    /// A JPEG of at most `longestSide`; nil for an image that can no longer be read.
    package let picture: Data?
    package let score: ImageScore
    package let truths, detections: [Object]
    /// How many there are beyond those that are drawn.
    package let hiddenTruths, hiddenDetections: Int
  }

  /// Images that are shown together.
  package struct Group: Sendable {
    package let title: String
    package let scenes: [Scene]
  }

  package let groups: [Group]
  /// Only detections from these scores count.
  package let thresholds: DrawThresholds
  /// How many images were judged, and their mean F1.
  package let judged: Int
  package let meanF1: Double

  /// The longer side of the pictures at most, in pixels.
  static let longestSide = 512
  /// Objects and detections that are drawn at most, each.
  static let mostDrawn = 50
}

/// Judges images one after the other, and makes a gallery of some of them.
public struct SceneRanking {
  private struct Entry {
    let image: COCODataset.Image
    let score: ImageScore
    let f1: Double
    /// Best first; as many as are drawn.
    var detections: [Detection]
    let count: Int

    /// Worst first: of equal F1 those with more mistakes, then those with fewer right.
    static func isWorse(_ left: Entry, _ right: Entry) -> Bool {
      (left.f1, right.score.wrong + right.score.missed, left.score.right, left.image.id)
        < (right.f1, left.score.wrong + left.score.missed, right.score.right, right.image.id)
    }
  }

  private let dataset: COCODataset
  private let thresholds: DrawThresholds
  private let novel: Set<String>
  private let categories: [Int: String]
  /// The vocabulary's names, and their ids in the data set.
  private let vocabulary: [String]
  private let categoryIDs: [Int]
  /// The smallest scores that count.
  private let scores: [Double]
  private var entries: [Entry] = []
  /// Whether any detection had a mask.
  public private(set) var hasMasks = false

  /// - Parameters:
  ///   - split: the categories that count.
  ///   - vocabulary: the names that detections refer to, all of them of the data set.
  ///   - thresholds: detections of smaller scores are left out.
  public init(
    _ dataset: COCODataset, split: CategorySplit, vocabulary: [String],
    thresholds: DrawThresholds
  ) {
    self.dataset = dataset
    self.thresholds = thresholds
    scores = vocabulary.map { thresholds[$0] }
    self.vocabulary = vocabulary
    novel = Set(split.novel)
    let evaluated = Set(split.base + split.novel)
    let members = dataset.categories.filter { evaluated.contains($0.name) }
    categories = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.name) })
    let ids = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.id) })
    categoryIDs = vocabulary.map { ids[$0] ?? -1 }
  }

  /// Judges an image; one with nothing to find and nothing found is passed over. Masks are not kept:
  /// few images are shown in the end.
  ///
  /// - Parameter detections: best first.
  public mutating func add(_ detections: [Detection], of image: COCODataset.Image) {
    let kept = counted(detections)
    hasMasks = hasMasks || kept.contains { $0.mask != nil }
    let score = ImageScore(
      of: kept.map { ($0.box, categoryIDs[$0.category]) }, truths: truths(of: image), in: image)
    guard let f1 = score.f1 else { return }
    let drawn = kept.prefix(SceneGallery.mostDrawn).map {
      Detection(box: $0.box, category: $0.category, score: $0.score)
    }
    entries.append(
      Entry(image: image, score: score, f1: f1, detections: drawn, count: kept.count))
  }

  /// The ids of the images in a gallery of at most `most`.
  public func shown(most: Int) -> Set<Int> {
    Set(groups(most: most).flatMap { $0.entries.map(\.image.id) })
  }

  /// Keeps the masks of an image's detections, those that were added, for the gallery.
  public mutating func keepMasks(of detections: [Detection], in image: COCODataset.Image) {
    guard let index = entries.firstIndex(where: { $0.image.id == image.id }) else { return }
    entries[index].detections = Array(counted(detections).prefix(SceneGallery.mostDrawn))
  }

  private func counted(_ detections: [Detection]) -> [Detection] {
    detections.filter {
      Double($0.score) >= scores[$0.category] && categoryIDs[$0.category] >= 0
    }
  }

  /// The gallery; nil where no image was judged.
  ///
  /// - Parameters:
  ///   - most: how many images at most, at least 3.
  ///   - read: the image as annotations refer to it; nil where it cannot be read.
  public func gallery(most: Int, read: (COCODataset.Image) -> Image?) -> SceneGallery? {
    guard !entries.isEmpty else { return nil }
    return SceneGallery(
      groups: groups(most: most).map { title, entries in
        SceneGallery.Group(title: title, scenes: entries.map { scene($0, read: read) })
      }, thresholds: thresholds, judged: entries.count,
      meanF1: entries.reduce(0) { $0 + $1.f1 } / Double(entries.count))
  }

  private func groups(most: Int) -> [(title: String, entries: ArraySlice<Entry>)] {
    let sorted = entries.sorted(by: Entry.isWorse)
    if sorted.count <= most { return [("All, from worst to best", sorted[...])] }
    let part = most / 3
    let middle = (sorted.count - part) / 2
    return [
      ("Worst", sorted[..<part]), ("Around the median", sorted[middle..<middle + part]),
      ("Best", sorted[(sorted.count - part)...]),
    ]
  }

  private func truths(of image: COCODataset.Image) -> [COCODataset.Annotation] {
    dataset.annotations(of: image.id).filter { categories[$0.categoryID] != nil }
  }

  private func scene(
    _ entry: Entry, read: (COCODataset.Image) -> Image?
  ) -> SceneGallery.Scene {
    // Large objects first, so that small ones lie on top of them.
    let truths = zip(truths(of: entry.image), entry.score.isFound)
      .sorted { $0.0.area > $1.0.area }
      .map { annotation, isFound in
        let name = categories[annotation.categoryID] ?? ""
        let counts = !annotation.isCrowd && !annotation.isIgnored
        return SceneGallery.Object(
          name: name, isNovel: novel.contains(name), color: nil, box: annotation.box, mask: nil,
          score: nil,
          judgement: !counts ? .ignored : isFound ? .right : .wrong)
      }
    let detections = zip(entry.detections, entry.score.judgements).map { detection, judgement in
      let name = vocabulary[detection.category]
      return SceneGallery.Object(
        name: name, isNovel: novel.contains(name), color: .distinct(detection.category),
        box: detection.box, mask: detection.mask,
        score: detection.score, judgement: judgement)
    }
    return SceneGallery.Scene(
      file: entry.image.fileName, width: entry.image.width, height: entry.image.height,
      picture: read(entry.image).map(Self.picture), score: entry.score,
      truths: Array(truths.prefix(SceneGallery.mostDrawn)), detections: detections,
      hiddenTruths: max(0, truths.count - SceneGallery.mostDrawn),
      hiddenDetections: entry.count - detections.count)
  }

  private static func picture(_ image: Image) -> Data {
    image.reduced(to: SceneGallery.longestSide).jpegData(quality: 80)
  }
}

extension Image {
  /// The image with its longer side at most `longest` pixels.
  func reduced(to longest: Int) -> Image { reducedCrop(bounds, to: longest) }

  /// The same of the part inside `rect`, which lies in the image.
  func reducedCrop(_ rect: PixelRect, to longest: Int) -> Image {
    let scale = min(1, Double(longest) / Double(max(rect.width, rect.height)))
    func side(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
    return scale < 1
      ? resizedCrop(rect, width: side(rect.width), height: side(rect.height), filter: .bicubic)
      : cropped(to: rect)
  }
}
