import Images
import Networks
import Pretraining
import Support
import Tensors

/// The teacher of `vild pretrain`, with the sizes of its defaults, on crops that cost nothing.
extension Benchmark {
  private struct Noise: CropSource {
    let image: Image
    let categories = [CropCategory(name: "noise")]
    let fingerprint = "noise"

    func crop(of category: Int, seed: UInt64, variety: Double) throws -> Image { image }
  }

  /// Forward, backward and AdamW of a step; texts have 16 tokens.
  static func pretrainingStep() throws -> Work {
    let configuration = PretrainingConfiguration()
    let size = configuration.cropsPerStep
    let vocabulary = 2000
    let clip = CLIP(configuration.model(vocabulary: vocabulary), seed: 1)
    let optimizer = configuration.optimizer(of: clip.parameters)
    let side = configuration.imageSize
    let source = Noise(image: noise(width: side, height: side))
    let batch = PretrainingBatch(
      categories: Array(repeating: 0, count: size), seeds: Array(repeating: 0, count: size),
      tokens: (0..<size).map { i in (0..<15).map { (i * 31 + $0 * 7) % 1999 } + [1999] },
      matches: (0..<size).map { i in (0..<size).map { i == $0 } })
    return (
      size,
      {
        let tape = Tape()
        let example = try PretrainingExample(batch, of: source, configuration)
        tape.backward(example.loss(of: clip, on: tape).total)
        optimizer.step(rate: 1e-5)
      }
    )
  }
}
