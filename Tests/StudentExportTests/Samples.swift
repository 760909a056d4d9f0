import Detection
import Images
import Networks
import Student
import Support
import Tensors

/// A student with random weights that finds things: small enough for a test, with every layer there is.
struct SampleStudent {
  /// With norms folded.
  let student: Student
  /// As it was trained.
  let trained: Student
  let longSide: Int
  let proposals: Int
  var rule = PostProcessing(limit: 20)

  static let base = ["a", "b", "c"]
  static let width = 8

  /// - Parameters:
  ///   - masks: whether it has a mask head.
  ///   - change: what is different about its sizes.
  init(
    _ method: Method, backbone: BackboneFamily = .resNet18, masks: Bool = false,
    longSide: Int = 96, proposals: Int = 30,
    _ change: (inout StudentConfiguration) -> Void = { _ in }
  ) throws(InputError) {
    var sizes = StudentConfiguration()
    sizes.backbone.family = backbone
    sizes.backbone.width = backbone.hasWidth ? 8 : nil
    sizes.backbone.norm = .frozen
    sizes.pyramid.channels = 12
    sizes.proposals.candidates = 40
    sizes.proposals.anchorScale = 4
    sizes.regions.poolSize = 3
    sizes.regions.canonicalSize = 24
    sizes.regions.convolutions = 1
    sizes.regions.fullyConnected = [16]
    sizes.regions.temperature = 0.1
    sizes.masks.enabled = masks
    sizes.masks.poolSize = 4
    sizes.masks.convolutions = 1
    change(&sizes)
    let student = Student(
      backbone: try sizes.backboneNetwork(from: NewTensors(seed: 3)), configuration: sizes,
      method: method, baseCategories: Self.base, embeddingWidth: Self.width, seed: 5)
    var generator = SeededGenerator(seed: 7)
    // Weights that are small at the start of training say nothing, and new norms change nothing.
    for parameter in student.parameters {
      let name = parameter.name
      if name.hasSuffix("deltas.weight") || name.hasSuffix("objectness.weight")
        || name.hasSuffix("categories.weight") || name == "text.background"
      {
        let fan = Float(parameter.value.shape.dropLast().reduce(1, *))
        parameter.value = .normal(
          parameter.value.shape, standardDeviation: min(0.2, 0.8 / fan.squareRoot()),
          using: &generator)
      } else if name.hasSuffix("bn3.weight") {
        // Residuals do not pile up.
        parameter.value = parameter.value * 0.2
      } else if name.hasSuffix("running_var") {
        parameter.value = Tensor(
          parameter.value.shape,
          parameter.value.array.map { $0 * Float.random(in: 0.5...2, using: &generator) })
      } else if name.hasSuffix("running_mean") || name.hasSuffix(".bias") {
        parameter.value = .normal(
          parameter.value.shape, standardDeviation: 0.1, using: &generator)
      }
    }
    (trained, self.student) = (student, student.folded())
    (self.longSide, self.proposals) = (longSide, proposals)
  }

  /// [3, 8] unit rows.
  static func names() -> Tensor {
    var generator = SeededGenerator(seed: 11)
    return l2Normalize(
      Variable(.normal([base.count, width], standardDeviation: 1, using: &generator))
    ).value
  }

  static let textShares: [Float] = [2.0 / 3, 1.0 / 3, 0.5]

  static var asked: AskedCategories {
    AskedCategories(names: base, embeddings: names(), textShares: textShares)
  }

  /// Blocks of colour under noise.
  static func image(width: Int, height: Int) -> Image {
    var generator = SeededGenerator(seed: UInt64(width * 1000 + height))
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let block = (x / 13 + y / 9 + channel) % 5 * 40
          pixels.append(UInt8(block + Int.random(in: 0..<60, using: &generator)))
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
