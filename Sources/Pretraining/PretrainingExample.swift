import Images
package import Networks
import Support
import Teacher
package import Tensors

/// A whole step's crops and texts: the image tower's norms need them together.
package struct PretrainingExample: Sendable {
  private let batch: PretrainingBatch
  /// [crops, side, side, 3] as the image tower takes them.
  private let pixels: Tensor

  /// Draws the crops, on all cores.
  ///
  /// - Throws: what the source throws.
  package init(
    _ batch: PretrainingBatch, of source: any CropSource, _ configuration: PretrainingConfiguration
  ) throws {
    self.batch = batch
    // The teacher's: CLIP's, with crops that are not square squashed, as regions are.
    var preprocessing = Preprocessing.clip(size: configuration.imageSize)
    preprocessing.fit = .squash
    pixels = Tensor(
      rows: try Parallel.map(batch.categories.count) { [preprocessing] row in
        let crop = try source.crop(
          of: batch.categories[row], seed: batch.seeds[row], variety: batch.variety)
        return preprocessing.pixels(of: [crop.bounds], in: crop)
      })
  }

  /// What training makes small, and how often a crop's own text comes first.
  package func loss(of clip: CLIP, on tape: Tape) -> (total: Variable, values: [(String, Double)]) {
    let (loss, accuracy) = clip.contrastiveLoss(
      images: clip.vision(tape.constant(pixels)), texts: clip.text(batch.tokens, on: tape),
      matches: batch.matches)
    return (loss, [("top1", accuracy)])
  }
}
