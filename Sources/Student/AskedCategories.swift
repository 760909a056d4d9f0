public import Tensors

/// The categories that regions are scored for, C of them, in the order of the scores.
public struct AskedCategories: Sendable {
  /// C names; a student with a closed vocabulary knows its categories by them.
  public let names: [String]
  /// [C, D] unit rows, the names' text embeddings.
  public let embeddings: Tensor
  /// [C] in 0...1: `TextShare.base`, `.novel`, `.unknown` or any other number; only an ensemble
  /// asks for them.
  public let textShares: [Float]

  /// - Parameter textShares: nil where nothing is known of any of them.
  public init(names: [String], embeddings: Tensor, textShares: [Float]? = nil) {
    let shares = textShares ?? names.map { _ in TextShare.unknown }
    precondition(
      embeddings.shape[0] == names.count && shares.count == names.count,
      "one embedding and one share per name")
    (self.names, self.embeddings, self.textShares) = (names, embeddings, shares)
  }

  /// C
  public var count: Int { names.count }
}
