import Networks
import Support
public import Tensors

/// The supervised baseline: a linear classifier of background and the base categories.
public struct Supervised: RegionMethod {
  package private(set) var trunk: RegionTrunk
  /// Which output of the classifier, whose first is background, is whose.
  private let outputs: [String: Int]
  package private(set) var classifier: Linear
  package private(set) var deltas: Linear

  /// - Parameter categories: C different names, the base categories in the order of the labels.
  init(
    _ configuration: StudentConfiguration, categories: [String],
    using generator: inout SeededGenerator
  ) {
    outputs = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1, 1 + $0) })
    trunk = RegionTrunk(configuration, name: "regions", using: &generator)
    classifier = .new(
      "regions.categories", from: trunk.width, to: 1 + categories.count, standardDeviation: 0.01,
      using: &generator)
    deltas = .boxes(from: trunk.width, using: &generator)
  }

  /// Text is not looked at.
  public func train(_ regions: Variable, sampled: Int, names: Tensor) -> RegionTraining {
    let x = trunk(gatherRows(regions, Array(0..<sampled)))
    return RegionTraining(logits: classifier(x), deltas: deltas(x), embeddings: nil)
  }

  public func describe(
    _ regions: Variable
  ) -> (description: RegionDescription, deltas: Tensor) {
    let x = trunk(regions)
    return (RegionDescription(logits: classifier(x).value), deltas(x).value)
  }

  /// The softmax over background and the base categories, without background. The categories are
  /// known by their names, whatever their order; others than the base ones score zero.
  public func scores(
    _ regions: RegionDescription, for categories: AskedCategories
  ) -> RegionScores {
    guard let logits = regions.logits else { preconditionFailure("regions of another method") }
    let probabilities = softmax(Variable(logits)).value
    let (rows, width) = (logits.shape[0], logits.shape[1])
    let columns = categories.names.map { outputs[$0] }
    return RegionScores(regions: rows, categories: columns.count) { tile in
      Tensor([rows, tile.count]) { out in
        out.initialize(repeating: 0)
        probabilities.withElements { p in
          for row in 0..<rows {
            for (i, category) in tile.enumerated() {
              guard let column = columns[category] else { continue }
              out[row * tile.count + i] = p[row * width + column]
            }
          }
        }
      }
    }
  }

  public func folded(_ precision: Precision) -> Supervised {
    var copy = self
    copy.trunk = trunk.folded(precision)
    copy.classifier = classifier.folded(precision)
    copy.deltas = deltas.folded(precision)
    return copy
  }

  public var parameters: [Parameter] {
    trunk.parameters + classifier.parameters + deltas.parameters
  }
}
