import Images
import Support
import Synchronization
import Teacher
import Tensors

/// Embeds a crop as the mean red, green and blue of its pixels.
final class MeanColor: Teacher {
  let width = 3
  let preprocessing = Preprocessing(
    size: 4, mean: .zero, standardDeviation: .one, filter: .bilinear)
  let templates = PromptTemplates.conse
  let textTower = Letters()
  let cropsPerBatch: Int
  /// The sizes of the batches so far.
  let batches = Mutex<[Int]>([])

  init(cropsPerBatch: Int = 1) { self.cropsPerBatch = cropsPerBatch }

  func embedUnnormalized(pixels: Tensor) -> Tensor {
    batches.withLock { $0.append(pixels.shape[0]) }
    return globalAveragePool(Variable(pixels)).value
  }
}

/// Tokens are the letters' codes, "a" is 1; the embedding of a text is (first token, number of
/// tokens).
final class Letters: TextTower {
  let width = 2
  let limit: Int
  /// Every text that was encoded.
  let texts = Mutex<[String]>([])

  init(limit: Int = 6) { self.limit = limit }

  func tokens(of text: String) -> [Int] { text.unicodeScalars.map { Int($0.value) - 96 } }

  func embed(tokens texts: [[Int]]) -> Tensor {
    precondition(Set(texts.map(\.count)).count == 1, "a batch has texts of one length")
    self.texts.withLock {
      $0 += texts.map { text in
        String(String.UnicodeScalarView(text.map { Unicode.Scalar(UInt32($0 + 96))! }))
      }
    }
    return Tensor([texts.count, 2], texts.flatMap { [Float($0[0]), Float($0.count)] })
  }
}
