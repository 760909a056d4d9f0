import Images
package import Networks
import Support
import Teacher
import Tensors

extension PretrainingLoop {
  /// Some crops and as many texts, on their way through the towers.
  private struct Part {
    let rows: Range<Int>
    let tape: Tape
    /// [rows, D]
    let images: Variable
    /// [rows, D], of the texts in the order of their lengths
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
    // Texts of one length go together: shorter ones are filled up to the longest.
    let order = batch.tokens.indices.sorted {
      (batch.tokens[$0].count, $0) < (batch.tokens[$1].count, $1)
    }
    let parts = try Parallel.map((size + each - 1) / each) { number in
      let rows = number * each..<min(size, (number + 1) * each)
      let tape = Tape(keepsGradients: true)
      let pixels = try pixels(of: rows, of: batch, preprocessing)
      return Part(
        rows: rows, tape: tape, images: clip.vision(tape.constant(pixels)),
        texts: clip.text(order[rows].map { batch.tokens[$0] }, on: tape))
    }
    let loss = Parallel.asOneWorker {
      Self.loss(
        clip, images: Tensor(rows: parts.map(\.images.value)),
        texts: Tensor(rows: parts.map(\.texts.value)), order: order, matches: batch.matches)
    }
    let gradients = Parallel.map(parts.count) { number in
      let part = parts[number]
      part.tape.backward(from: [
        (part.images, loss.ofImages.rows(part.rows)), (part.texts, loss.ofTexts.rows(part.rows)),
      ])
      return part.tape.gradients
    }
    let parameters = clip.parameters
    Parallel.items(parameters.count) { number in
      for part in gradients {
        if let gradient = part[parameters[number].name] { parameters[number].add(gradient) }
      }
    }
    return (loss.value, loss.accuracy)
  }

  /// The loss and its gradients with respect to the embeddings.
  ///
  /// - Parameters:
  ///   - images: [B, D]
  ///   - texts: [B, D]; row i belongs to image `order[i]`
  private static func loss(
    _ clip: CLIP, images: Tensor, texts: Tensor, order: [Int], matches: [[Bool]]
  ) -> (value: Double, accuracy: Double, ofImages: Tensor, ofTexts: Tensor) {
    var rows = order
    for (row, image) in order.enumerated() { rows[image] = row }
    let tape = Tape()
    let (images, texts) = (tape.variable(images), tape.variable(texts))
    let (loss, accuracy) = clip.contrastiveLoss(
      images: images, texts: gatherRows(texts, rows), matches: matches)
    tape.backward(loss)
    guard let ofImages = images.gradient, let ofTexts = texts.gradient else {
      preconditionFailure("the loss has a gradient")
    }
    return (Double(loss.value.scalar), accuracy, ofImages, ofTexts)
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
