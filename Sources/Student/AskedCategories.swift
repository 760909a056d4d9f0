public import Tensors

/// What regions are scored for: C categories, in the order of the scores; perhaps parents that they lie
/// below, and attributes beside them.
public struct AskedCategories: Sendable {
  /// C names; a student with a closed vocabulary knows its categories by them.
  public let names: [String]
  /// [C, D] unit rows, the names' text embeddings.
  public let embeddings: Tensor
  /// [C] in 0...1: `TextShare.base`, `.novel`, `.unknown` or any other number; only an ensemble
  /// asks for them.
  public let textShares: [Float]
  /// What some of them lie below; nil for a plain list.
  public let parents: Parents?
  /// What is said of a region beside its category; nil where nothing is asked.
  public let attributes: Attributes?

  /// P parents, from coarse to fine: the first softmax is over them and the categories without one, the
  /// second over the categories of each.
  public struct Parents: Sendable {
    /// P names.
    public let names: [String]
    /// [P, D] unit rows, the names' text embeddings.
    public let embeddings: Tensor
    /// [P] in 0...1, as of categories.
    public let textShares: [Float]
    /// Which categories lie below each: neighbours, at least one, in their order, none below two.
    public let children: [Range<Int>]

    /// - Parameter textShares: nil where nothing is known of any of them.
    public init(
      names: [String], embeddings: Tensor, textShares: [Float]? = nil, children: [Range<Int>]
    ) {
      let shares = textShares ?? names.map { _ in TextShare.unknown }
      precondition(
        embeddings.shape[0] == names.count && shares.count == names.count
          && children.count == names.count, "one embedding, share and range per parent")
      precondition(
        children.allSatisfy { !$0.isEmpty }
          && zip(children, children.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound },
        "ranges in order")
      (self.names, self.embeddings, self.textShares) = (names, embeddings, shares)
      self.children = children
    }
  }

  /// A attributes.
  public struct Attributes: Sendable {
    /// A names, at least one.
    public let names: [String]
    /// [A, D] unit rows, the names' text embeddings.
    public let embeddings: Tensor

    public init(names: [String], embeddings: Tensor) {
      precondition(
        !names.isEmpty && embeddings.shape[0] == names.count, "one embedding per attribute")
      (self.names, self.embeddings) = (names, embeddings)
    }
  }

  /// - Parameter textShares: nil where nothing is known of any of them.
  public init(
    names: [String], embeddings: Tensor, textShares: [Float]? = nil, parents: Parents? = nil,
    attributes: Attributes? = nil
  ) {
    let shares = textShares ?? names.map { _ in TextShare.unknown }
    precondition(
      embeddings.shape[0] == names.count && shares.count == names.count,
      "one embedding and one share per name")
    precondition(parents?.children.last.map { $0.upperBound <= names.count } ?? true)
    (self.names, self.embeddings, self.textShares) = (names, embeddings, shares)
    (self.parents, self.attributes) = (parents, attributes)
  }

  /// C
  public var count: Int { names.count }
}
