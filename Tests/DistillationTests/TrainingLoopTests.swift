import Distillation
import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// A toy: two parameters are drawn to numbers that depend on the image, with some noise.
@Suite struct TrainingLoopTests {
  private struct Killed: Error {}

  private final class Toy {
    let parameters = [
      Parameter("weight", Tensor([1, 4], [3, -2, 0.5, 7])),
      Parameter("bias", Tensor([1, 4], [0, 1, 0, -1]), decays: false),
    ]
    /// The image of every loss, in order.
    var seen = [Int]()
    var killAfter = Int.max

    func loop(_ folder: String, metadata: [String: String] = ["recipe": "a"]) -> TrainingLoop {
      TrainingLoop(
        configuration: configuration, kind: "toy", parameters: parameters, folder: folder,
        metadata: metadata)
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

    func losses(
      _ image: Int, _ tape: Tape, _ generator: inout SeededGenerator
    ) throws -> TrainingLoop.Losses? {
      if seen.count >= killAfter { throw Killed() }
      seen.append(image)
      let noise = Float(generator.nextUniform()) * 0.1
      let target = Tensor([1, 4], [1 + noise, 2, 3 - noise, Float(image) / 100])
      let value = add(parameters[0](on: tape), parameters[1](on: tape))
      let loss = huberLoss(value, target: target, delta: 1, normaliser: 4)
      return (loss, [("part", Double(loss.value.scalar))])
    }
  }

  private let images = [11, 12, 13, 14, 15]

  private func log(_ folder: String) throws -> [[String: Double]] {
    try String(decoding: Files.read("\(folder)/log.jsonl"), as: UTF8.self)
      .split(separator: "\n")
      .map { try JSONDecoder().decode([String: Double].self, from: Data($0.utf8)) }
  }

  private func withoutTimes(_ log: [[String: Double]]) -> [[String: Double]] {
    log.map { $0.filter { $0.key != "seconds" } }
  }

  /// Killed in step 13, three steps after the last checkpoint and in the middle of a step.
  @Test func aKilledAndResumedRunIsTheUninterruptedOne() throws {
    try withTemporaryFolder { folder in
      let (whole, first, second) = (Toy(), Toy(), Toy())
      try whole.loop("\(folder)/whole").run(images: images, losses: whole.losses)
      first.killAfter = 27
      #expect(throws: Killed.self) {
        try first.loop("\(folder)/parts").run(images: images, losses: first.losses)
      }
      #expect(try log("\(folder)/parts").count == 13)
      try second.loop("\(folder)/parts").run(images: images, losses: second.losses)

      #expect(whole.seen.count == 40 && second.seen == Array(whole.seen[20...]))
      let files = try ["whole", "parts"].map {
        try Files.read("\(folder)/\($0)/checkpoint.safetensors")
      }
      #expect(files[0] == files[1])
      #expect(second.parameters.map(\.value.array) == whole.parameters.map(\.value.array))
      let (parts, expected) = (try log("\(folder)/parts"), try log("\(folder)/whole"))
      #expect(parts.map { $0["step"] } == (0..<20).map { Double($0) })
      #expect(withoutTimes(parts) == withoutTimes(expected))
    }
  }

  @Test func aFinishedRunIsNotRepeated() throws {
    try withTemporaryFolder { folder in
      let (first, second) = (Toy(), Toy())
      try first.loop(folder).run(images: images, losses: first.losses)
      try second.loop(folder).run(images: images, losses: second.losses)
      #expect(second.seen.isEmpty)
      #expect(second.parameters.map(\.value.array) == first.parameters.map(\.value.array))
      #expect(try log(folder).count == 20)
    }
  }

  @Test func everyImageIsSeenOnceAnEpoch() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.loop(folder).run(images: images, losses: toy.losses)
      let epochs = stride(from: 0, to: 40, by: 5).map { Array(toy.seen[$0..<$0 + 5]) }
      #expect(epochs.allSatisfy { $0.sorted() == images })
      #expect(Set(epochs).count > 1)
    }
  }

  @Test func theLossFalls() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.epochs = 40
      try toy.loop(folder).run(images: images, losses: toy.losses)
      let losses = try log(folder).map { $0["loss"]! }
      #expect(losses.count == 100)
      #expect(losses.suffix(10).max()! < 0.1 * losses[0])
    }
  }

  /// 20 steps: from a tenth of the rate up over 4, then down.
  @Test(arguments: LearningRateSchedule.allCases)
  func theRateRisesAndFalls(schedule: LearningRateSchedule) throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.schedule = schedule
      try toy.loop(folder).run(images: images, losses: toy.losses)
      let rates = try log(folder).map { $0["learning_rate"]! / 0.05 }
      func near(_ step: Int, _ expected: Double) -> Bool { abs(rates[step] - expected) < 1e-5 }
      #expect(near(0, 0.1) && near(1, 0.325) && near(2, 0.55) && near(3, 0.775) && near(4, 1))
      switch schedule {
      case .step: #expect(near(17, 1) && near(18, 0.1) && near(19, 0.01))
      case .cosine: #expect(near(12, 0.5) && near(19, 0.5 * (1 + cos(.pi * 15 / 16))))
      }
    }
  }

  @Test func aLossThatIsNotFiniteNamesStepAndImages() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      let error = #expect(throws: InputError.self) {
        try toy.loop(folder).run(images: images) { image, tape, generator in
          let losses = try #require(try toy.losses(image, tape, &generator))
          if image != 14 { return losses }
          return (scale(losses.total, by: .nan), losses.values)
        }
      }
      #expect(error?.what == "the loss is not finite")
      #expect(error?.place?.hasPrefix("step ") == true && error?.place?.contains("14") == true)
      #expect(toy.parameters.allSatisfy { $0.value.isFinite })
    }
  }

  @Test func aCheckpointOfAnotherRecipeIsRefused() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.loop(folder).run(images: images, losses: toy.losses)
      let error = #expect(throws: InputError.self) {
        try toy.loop(folder, metadata: ["recipe": "b"]).run(images: images, losses: toy.losses)
      }
      #expect(error?.what.contains("recipe") == true)
      #expect(error?.expected == "b" && error?.got == "a")
    }
  }

  @Test func withoutImagesThereIsNothingToTrainOn() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      #expect(throws: InputError.self) {
        try toy.loop(folder).run(images: [], losses: toy.losses)
      }
    }
  }

  /// An image that cannot be used leaves the others of its step.
  @Test func unusableImagesArePassedOver() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.loop(folder).run(images: images) { image, tape, generator in
        image == 13 ? nil : try toy.losses(image, tape, &generator)
      }
      #expect(toy.seen.count == 32 && !toy.seen.contains(13))
    }
  }
}
