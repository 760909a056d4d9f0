/// What a student learns, as the paper names it.
public enum Method: String, Codable, Hashable, Sendable, CaseIterable {
  /// A closed vocabulary: a linear classifier of the base categories, no text. The baseline.
  case supervised
  /// Classification by text embeddings (section 3.2).
  case vildText = "vild_text"
  /// Distillation of the teacher's image embeddings alone (section 3.3).
  case vildImage = "vild_image"
  /// Both on one shared embedding.
  case vild
  /// Both with a head of their own (section 3.4).
  case vildEnsemble = "vild_ensemble"

  /// Whether the teacher's embeddings of offline proposals are learned from.
  public var distils: Bool {
    switch self {
    case .supervised, .vildText: false
    case .vildImage, .vild, .vildEnsemble: true
    }
  }

  /// Whether the text embeddings of the base categories are learned from.
  public var learnsFromText: Bool {
    switch self {
    case .supervised, .vildImage: false
    case .vildText, .vild, .vildEnsemble: true
    }
  }

  /// Whether categories are told apart by their names, so that any may be asked for.
  public var isOpenVocabulary: Bool { self != .supervised }
}
