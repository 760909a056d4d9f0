/// Detections of a corpus as JSON Lines: a header, then a line an image
/// (`schemas/detections.schema.json`).
///
/// Lines are appended, or the file is replaced as a whole, so that a run that was killed continues
/// where it was. Each carries its checksum (`SealedJSON`). Its `Writer` is one run's, its `Reader`
/// anybody's.
public enum DetectionFile {
  /// The first line: which run the file belongs to.
  public struct Header: Hashable, Sendable {
    /// Identifies everything the detections depend on: weights, vocabulary, corpus, settings.
    public var fingerprint: String
    /// The vocabulary, each name once.
    public var categories: [String]
    /// What categories lie below, by their names; empty for a plain list.
    public var parents: [String: String]
    /// What each detection has one of, each name once; empty where none were asked for.
    public var attributes: [String]

    /// - Parameters:
    ///   - categories: the vocabulary, each name once.
    ///   - parents: of some of the categories, by their names.
    ///   - attributes: each name once.
    public init(
      fingerprint: String, categories: [String], parents: [String: String] = [:],
      attributes: [String] = []
    ) {
      precondition(Set(categories).count == categories.count, "a category is given twice")
      precondition(Set(parents.keys).isSubset(of: categories), "a parent of no category")
      precondition(Set(attributes).count == attributes.count, "an attribute is given twice")
      self.fingerprint = fingerprint
      self.categories = categories
      self.parents = parents
      self.attributes = attributes
    }
  }

  /// What is known about one image.
  public struct Row: Hashable, Sendable {
    /// Path below the corpus's folder.
    public var image: String
    /// The image's id, each once in a file.
    public var id: Int
    /// SHA-256 of the image's file in hex; nil where it could not be read, or is not known.
    public var content: String?
    /// What became of the image.
    public var outcome: Outcome
    /// What is odd about a file all of whose pixels are there; nil for most, and for those that failed.
    public var note: String?

    /// - Parameters:
    ///   - image: path below the corpus's folder, as `PathText` writes it.
    ///   - content: SHA-256 of the image's file in hex.
    public init(
      image: String, id: Int, content: String? = nil, outcome: Outcome, note: String? = nil
    ) {
      self.image = image
      self.id = id
      self.content = content
      self.outcome = outcome
      self.note = note
    }
  }

  /// A line of a file that is there, without its detections.
  public struct Entry: Hashable, Sendable {
    /// As in `Row`.
    public var image: String
    /// As in `Row`.
    public var id: Int
    /// As in `Row`.
    public var content: String?
    /// Why the image failed; nil where it did not.
    public var failure: String?
    /// Where the line starts, in bytes, and its length with its end.
    var offset: Int
    var length: Int
  }

  /// What became of an image.
  public enum Outcome: Hashable, Sendable {
    /// Best first, none is fine; the size is that of the image as decoded, in pixels.
    case detected([Detection], width: Int, height: Int)
    /// There is no image, for this reason.
    case failed(reason: String)
  }

  static let format = "vild-detections"
  /// Of the lines; what the detections depend on, as files of another version are refused.
  public static let version = 3
}
