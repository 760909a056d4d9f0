package import Datasets
import Foundation
public import Images
package import Support

/// The annotated photographs and the categories' split.
public struct DataConfiguration: Codable, Hashable, Sendable {
  public var train: AnnotatedFolder
  public var val: AnnotatedFolder
  /// JSON with the lists `base` and `novel` of category names, or `lvis_frequency`; nil with `novel`.
  public var split: String?
  /// Instead of a split: these categories are novel, all others base.
  public var novel: [String]?
  /// What the teacher is told instead of a category's name: its key, and words between bars, as in
  /// `tv monitor|television`; nil for no such category.
  public var words: [String: String]?
  /// Which way round boxes are meant on photographs that say by EXIF how the camera was held.
  public var orientation = AnnotatedOrientation.auto
  /// Images of more pixels are not decoded.
  public var pixelLimit = DecodeLimits().pixels

  /// The largest image that is decoded.
  package var limits: DecodeLimits { DecodeLimits(pixels: pixelLimit) }

  /// Instead of a file: the annotations' rare categories are novel, all others base.
  package static let lvisFrequency = "lvis_frequency"

  /// The category with its words, where `words` has some for it.
  package func worded(_ category: CategoryName) -> CategoryName {
    let words = words?[category.name]?.split(separator: "|").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    return CategoryName(category.name, synonyms: category.synonyms, words: words)
  }

  /// The base names, and the words for them that are no novel name: another data set may call "potted plant"
  /// what this one calls "pottedplant".
  package func spellings(ofBaseIn split: CategorySplit) -> Set<String> {
    Set(split.base.flatMap { [$0] + worded(CategoryName($0)).texts }).subtracting(split.novel)
  }

  /// - Throws: `InputError` (`configuration`) for words of a category that is not among `names`.
  package func checkWords(for names: [String]) throws(InputError) {
    for name in (words ?? [:]).keys.sorted() where !names.contains(name) {
      throw InputError(
        .configuration, "words for a category that the training annotations have not",
        at: "data.words", got: "'\(name)'",
        hint: nearestName(to: name, among: names).map { "is it '\($0)'?" })
    }
  }
}

/// A folder of images and their annotations.
public struct AnnotatedFolder: Codable, Hashable, Sendable {
  public var images: String
  public var annotations: String
  /// A text file that names the images to use, one a line; nil for all of the annotations'.
  public var imagesList: String?
  /// At most so many images, chosen by `limitSeed`; nil for all.
  public var limit: Int?
  /// Another seed, other images; nil is 0.
  public var limitSeed: UInt64?
}
