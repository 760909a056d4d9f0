import Foundation
import Ranks
import Support
import Tensors
import Training

/// What a test stops a run with.
struct Killed: Error {}

/// An image that is due, and an example of it.
struct ToyExample: Sendable {
  var image: Int
  var noise: Float
}

/// Two parameters are drawn to numbers that depend on the image, with some noise.
final class Toy {
  var parameters = [
    Parameter("weight", Tensor([1, 4], [3, -2, 0.5, 7])),
    Parameter("bias", Tensor([1, 4], [0, 1, 0, -1]), decays: false),
    // As batch normalisation's: changed by the forward pass, not by the optimiser.
    Parameter("running_mean", Tensor([1], [0]), isTrained: false, decays: false),
  ]
  /// How it is trained.
  struct Choices {
    var epochs = 8
    var examplesPerStep = 2
    var examplesPerForward = 1
    var usesAdamW = false
    var learningRate: Float = 0.05
    var gradientClip: Float = 10
    var averageDecay: Float = 0
    var checkpointSteps = 5
    var evaluateEverySteps = 0
    var seed: UInt64 = 1
  }
  var choices = Choices()
  /// Of what is read.
  var manifest = ""
  /// Whether images have ids that errors name.
  var namesImages = true
  /// The image of every loss, in order.
  var seen = [Int]()
  /// The images that went through together.
  var batches = [[Int]]()
  var killAfter = Int.max
  var baselines: ImageLossBaselines?
  /// How often it was asked for the baselines.
  var baselineReads = 0
  var advice = TrainingAdvice()
  var warnings = [String]()
  var until: Int?
  var ranks = Ranks.alone
  var console = Console.silent
  /// In the place of the metadata that `train` is given.
  var metadata: [String: String]?
  /// Is told before each loss how many there were.
  var beforeLoss: (_ losses: Int) -> Void = { _ in }
  /// Is told of each step that was made.
  var afterStep: (_ step: Int) -> Void = { _ in }
  private var steps = 0

  func loop(_ folder: String, metadata: [String: String] = ["recipe": "a"]) -> TrainingLoop {
    let (trained, rate) = (parameters.filter(\.isTrained), choices.learningRate)
    var loop = TrainingLoop(
      kind: "toy", parameters: parameters,
      optimizer: choices.usesAdamW
        ? AdamW(trained, maximumNorm: choices.gradientClip)
        : SGD(trained, decay: 4e-5, maximumNorm: choices.gradientClip),
      seed: choices.seed,
      rates: { steps in
        Schedule(
          rate: rate, warmup: min(4, steps / 2), warmupRate: rate / 10, decay: .cosine(end: steps))
      }, folder: folder, metadata: self.metadata ?? metadata)
    loop.examplesPerStep = choices.examplesPerStep
    loop.examplesPerForward = choices.examplesPerForward
    loop.averageDecay = choices.averageDecay
    loop.checkpointSteps = choices.checkpointSteps
    loop.evaluateEverySteps = choices.evaluateEverySteps
    (loop.ranks, loop.console) = (ranks, console)
    loop.afterStep = { [self] _ in
      afterStep(steps)
      steps += 1
      return []
    }
    loop.advice = advice
    loop.counts = ["count"]
    loop.baselines = { [self] in
      baselineReads += 1
      return baselines
    }
    loop.warn = { [self] in warnings.append($0) }
    loop.stopsAfter = { [until] steps in until.map { steps >= $0 } ?? false }
    return loop
  }

  /// Every image once an epoch.
  func source(_ images: [Int]) -> TrainingSource<Int> {
    let (order, namesImages) = (EpochOrder(seed: choices.seed, count: images.count), namesImages)
    return TrainingSource(
      places: choices.epochs * images.count, manifest: manifest,
      imageID: { namesImages ? $0 : nil }
    ) { _, _ in { images[order.image(at: $0).index] } }
  }

  /// Trains on `images`; `losses` may spoil those of one of them.
  @discardableResult
  func train(
    _ images: [Int], _ folder: String, metadata: [String: String] = ["recipe": "a"],
    unusable: Set<Int> = [],
    spoil: @escaping (Int, TrainingLoop.Losses) -> TrainingLoop.Losses = { $1 },
    evaluate: ((Int) throws -> [(String, Double)])? = nil
  ) throws -> [String: Double]? {
    try loop(folder, metadata: metadata).run(source(images)) { image, generator -> ToyExample? in
      unusable.contains(image)
        ? nil : ToyExample(image: image, noise: Float(generator.nextUniform()) * 0.1)
    } losses: { batch, _, tape, generator in
      batches.append(batch.map(\.image))
      return mean(
        try batch.map { example in
          let noise = example.noise + Float(generator.nextUniform()) / 100
          return spoil(example.image, try losses(example.image, noise, tape))
        })
    } evaluate: { step in
      try evaluate?(step) ?? []
    }
  }

  private func losses(_ image: Int, _ noise: Float, _ tape: Tape) throws -> TrainingLoop.Losses {
    if seen.count >= killAfter { throw Killed() }
    beforeLoss(seen.count)
    seen.append(image)
    tape.move(parameters[2], toward: Tensor([1], [10 * noise]), keeping: 0.9)
    let target = Tensor([1, 4], [1 + noise, 2, 3 - noise, Float(image) / 100])
    let value = add(parameters[0](on: tape), parameters[1](on: tape))
    let loss = huberLoss(value, target: target, delta: 1, normaliser: 4)
    return (loss, [("part", Double(loss.value.scalar))])
  }
}

/// What a run leaves in its folder.
enum Outputs {
  /// The steps' lines.
  static func log(_ folder: String) throws -> [[String: Double]] {
    try lines(folder).compactMap { line in
      line.contains("learning_rate")
        ? try JSONDecoder().decode([String: Double].self, from: Data(line.utf8)) : nil
    }
  }

  /// Without their checksums, which are right.
  static func lines(_ folder: String) throws -> [String] {
    try Files.read("\(folder)/log.jsonl").split(separator: 0x0A).map {
      String(decoding: try SealedJSON.opened($0, at: folder), as: UTF8.self)
    }
  }

  /// The log but for what is of the machine.
  static func withoutTimes(_ folder: String) throws -> [String] {
    try lines(folder).map {
      $0.replacing(/,"(seconds|peak_resident_bytes|peak_tensor_bytes)":[^,}]*/, with: "")
    }
  }

  /// The diagrams but for the one that is of the machine.
  static func curves(_ folder: String) throws -> [Substring] {
    try String(decoding: Files.read("\(folder)/curves.svg"), as: UTF8.self)
      .split(separator: "<g ").filter { !$0.contains(">seconds <") }
  }
}
