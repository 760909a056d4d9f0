import Images
package import Networks
import Support
import Teacher
import Tensors

extension PretrainingLoop {
  /// Adds the gradients of one step to the parameters'.
  ///
  /// The whole batch goes through the towers at once: the image tower's norms need it together.
  package func accumulate(
    _ batch: PretrainingBatch, _ clip: CLIP
  ) throws -> (loss: Double, accuracy: Double) {
    let preprocessing = Preprocessing.squashed(size: configuration.imageSize)
    let pixels = try Parallel.map(batch.categories.count) { row in
      let crop = try source.crop(
        of: batch.categories[row], seed: batch.seeds[row], variety: batch.variety)
      return preprocessing.pixels(of: [crop.bounds], in: crop)
    }
    let tape = Tape()
    let (loss, accuracy) = clip.contrastiveLoss(
      images: clip.vision(tape.constant(Tensor(rows: pixels))),
      texts: clip.text(batch.tokens, on: tape), matches: batch.matches)
    tape.backward(loss)
    return (Double(loss.value.scalar), accuracy)
  }
}

extension Preprocessing {
  /// The teacher's: CLIP's, with crops that are not square squashed, as regions are.
  static func squashed(size: Int) -> Preprocessing {
    var preprocessing = Preprocessing.clip(size: size)
    preprocessing.fit = .squash
    return preprocessing
  }
}
