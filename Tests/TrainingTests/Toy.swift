import Distillation
import Foundation
import Support
import Tensors

/// What a test stops a run with.
struct Killed: Error {}

/// Two parameters are drawn to numbers that depend on the image, with some noise.
final class Toy {
  let parameters = [
    Parameter("weight", Tensor([1, 4], [3, -2, 0.5, 7])),
    Parameter("bias", Tensor([1, 4], [0, 1, 0, -1]), decays: false),
    // As batch normalisation's: changed by the forward pass, not by the optimiser.
    Parameter("running_mean", Tensor([1], [0]), isTrained: false, decays: false),
  ]
  /// The image of every loss, in order.
  var seen = [Int]()
  /// The images that went through together.
  var batches = [[Int]]()
  var killAfter = Int.max
  var baselines: ImageLossBaselines?
  /// How often it was asked for the baselines.
  var baselineReads = 0
  var warnings = [String]()
  var until: Int?

  func loop(_ folder: String, metadata: [String: String] = ["recipe": "a"]) -> TrainingLoop {
    var loop = TrainingLoop(
      configuration: configuration, kind: "toy", parameters: parameters, folder: folder,
      metadata: metadata)
    loop.counts = ["count"]
    loop.baselines = { [self] in
      baselineReads += 1
      return baselines
    }
    loop.warn = { [self] in warnings.append($0) }
    loop.stopsAfter = { [until] steps in until.map { steps >= $0 } ?? false }
    return loop
  }

  var configuration: TrainingConfiguration = {
    var choices = TrainingConfiguration()
    choices.epochs = 8
    choices.imagesPerStep = 2
    choices.learningRate = 0.05
    choices.warmupSteps = 4
    choices.checkpointSteps = 5
    return choices
  }()

  /// Trains on `images`; `losses` may spoil those of one of them.
  @discardableResult
  func train(
    _ images: [Int], _ folder: String, metadata: [String: String] = ["recipe": "a"],
    unusable: Set<Int> = [],
    spoil: @escaping (Int, TrainingLoop.Losses) -> TrainingLoop.Losses = { $1 },
    evaluate: ((Int) throws -> [(String, Double)])? = nil
  ) throws -> [String: Double]? {
    let source = try TrainingSource(ids: images, configuration: configuration)
    return try loop(folder, metadata: metadata).run(source) { element, generator -> Float? in
      unusable.contains(element.id) ? nil : Float(generator.nextUniform()) * 0.1
    } losses: { batch, _, tape, generator in
      batches.append(batch.map(\.id))
      return mean(
        try batch.map { id, noise in
          spoil(id, try losses(id, noise + Float(generator.nextUniform()) / 100, tape))
        })
    } evaluate: { step in
      try evaluate?(step) ?? []
    }
  }

  private func losses(_ image: Int, _ noise: Float, _ tape: Tape) throws -> TrainingLoop.Losses {
    if seen.count >= killAfter { throw Killed() }
    seen.append(image)
    parameters[2].value = Tensor([1], [parameters[2].value.scalar * 0.9 + noise])
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
