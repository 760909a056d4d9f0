import Foundation
public import Tensors

extension CLIP {
  /// The largest factor of the cosines while training, as in CLIP.
  public static let largestCosineFactor: Float = 100

  /// CLIP's symmetric cross-entropy: each image among all texts, and each text among all images.
  ///
  /// - Parameters:
  ///   - images: [B, D]
  ///   - texts: [B, D]
  ///   - matches: whether image i fits text j, B rows of B; the targets of a row, and of a column,
  ///     are shared evenly by what fits. Everything fits itself.
  /// - Returns: one number, and the share of images whose largest logit is one that fits.
  public func contrastiveLoss(
    images: Variable, texts: Variable, matches: [[Bool]]
  ) -> (loss: Variable, accuracy: Double) {
    let ofImages = logits(images: images, texts: texts)
    let ofTexts = logits(images: texts, texts: images)
    let count = matches.count
    let transposed = (0..<count).map { j in (0..<count).map { matches[$0][j] } }
    let loss = scale(
      add(
        crossEntropy(ofImages, targets: Self.distributions(matches)),
        crossEntropy(ofTexts, targets: Self.distributions(transposed))), by: 0.5)
    let hits = ofImages.value.withElements { logits in
      matches.enumerated().count { row, fits in
        let ofRow = logits[row * count..<(row + 1) * count]
        return ofRow.indices.max { ofRow[$0] < ofRow[$1] }.map { fits[$0 - row * count] } ?? false
      }
    }
    return (loss, Double(hits) / Double(max(1, count)))
  }

  private static func distributions(_ matches: [[Bool]]) -> Tensor {
    Tensor(
      [matches.count, matches.count],
      matches.flatMap { row in
        let share = 1 / Float(row.count { $0 })
        return row.map { $0 ? share : 0 }
      })
  }

  /// Keeps the factor of the cosines within 1...`largestCosineFactor`, after a step.
  public func clampCosineFactor() {
    let largest = log(Self.largestCosineFactor)
    logitScale.value = Tensor([], [min(max(logitScale.value.scalar, 0), largest)])
  }
}
