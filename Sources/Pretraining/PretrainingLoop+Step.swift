import Images
package import Networks
import Support
import Teacher
import Tensors

extension PretrainingLoop {
  /// Some crops and their texts, on their way through the towers.
  private struct Part {
    let rows: Range<Int>
    let tape: Tape
    /// [rows, D]
    let images: Variable
    /// [rows, D]
    let texts: Variable
  }

  /// Adds the gradients of one step to the parameters'.
  ///
  /// Every core takes part after part through the towers and back, on its own, so that what passes
  /// from one operation to the next is still in its cache; in between, all embeddings meet in the
  /// loss.
  package func accumulate(
    _ batch: PretrainingBatch, _ clip: CLIP
  ) throws -> (loss: Double, accuracy: Double) {
    let (size, each) = (batch.categories.count, configuration.cropsPerForward)
    let preprocessing = Preprocessing.squashed(size: configuration.imageSize)
    let parts = try Parallel.map((size + each - 1) / each) { number in
      let rows = number * each..<min(size, (number + 1) * each)
      let tape = Tape(keepsGradients: true)
      let pixels = try pixels(of: rows, of: batch, preprocessing)
      return Part(
        rows: rows, tape: tape, images: clip.vision(tape.constant(pixels)),
        texts: clip.text(Array(batch.tokens[rows]), on: tape))
    }

    let tape = Tape()
    let images = tape.variable(Tensor(rows: parts.map(\.images.value)))
    let texts = tape.variable(Tensor(rows: parts.map(\.texts.value)))
    let (loss, accuracy) = clip.contrastiveLoss(
      images: images, texts: texts, matches: batch.matches)
    tape.backward(loss)
    guard let ofImages = images.gradient, let ofTexts = texts.gradient else {
      preconditionFailure("a loss has a gradient")
    }

    let gradients = Parallel.map(parts.count) { number in
      let part = parts[number]
      part.tape.backward(from: [
        (part.images, ofImages.rows(part.rows)), (part.texts, ofTexts.rows(part.rows)),
      ])
      return part.tape.gradients
    }
    let parameters = clip.parameters
    Parallel.items(parameters.count) { number in
      for part in gradients {
        if let gradient = part[parameters[number].name] { parameters[number].add(gradient) }
      }
    }
    return (Double(loss.value.scalar), accuracy)
  }

  /// What the image tower sees of some crops: [rows, S, S, 3].
  private func pixels(
    of rows: Range<Int>, of batch: PretrainingBatch, _ preprocessing: Preprocessing
  ) throws -> Tensor {
    Tensor(
      rows: try rows.map { row in
        let crop = try source.crop(of: batch.categories[row], seed: batch.seeds[row])
        return preprocessing.pixels(of: [crop.bounds], in: crop)
      })
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
