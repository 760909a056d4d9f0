/// Detections of a corpus as JSON Lines: a header, then a line an image
/// (`schemas/detections.schema.json`).
///
/// Lines are only ever appended, so that a run that was killed continues where it was. Its `Writer`
/// is one run's, its `Reader` anybody's.
public enum DetectionFile {
  /// The first line: which run the file belongs to.
  public struct Header: Hashable, Sendable {
    /// Identifies everything the detections depend on: weights, vocabulary, corpus, settings.
    public var fingerprint: String
    /// The vocabulary, each name once.
    public var categories: [String]

    /// - Parameter categories: the vocabulary, each name once.
    public init(fingerprint: String, categories: [String]) {
      precondition(Set(categories).count == categories.count, "a category is given twice")
      self.fingerprint = fingerprint
      self.categories = categories
    }
  }

  /// What is known about one image.
  public struct Row: Hashable, Sendable {
    /// Path below the corpus's folder.
    public var image: String
    /// The image's id, each once in a file.
    public var id: Int
    /// What became of the image.
    public var outcome: Outcome
    /// What is odd about a file all of whose pixels are there; nil for most, and for those that failed.
    public var note: String?

    /// - Parameter image: path below the corpus's folder, as `PathText` writes it.
    public init(image: String, id: Int, outcome: Outcome, note: String? = nil) {
      self.image = image
      self.id = id
      self.outcome = outcome
      self.note = note
    }
  }

  /// What became of an image.
  public enum Outcome: Hashable, Sendable {
    /// Best first, none is fine; the size is that of the image as decoded, in pixels.
    case detected([Detection], width: Int, height: Int)
    /// There is no image, for this reason.
    case failed(reason: String)
  }

  static let format = "vild-detections"
  static let version = 1
}
