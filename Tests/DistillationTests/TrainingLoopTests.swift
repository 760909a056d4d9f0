import Distillation
import Foundation
import Support
import Tensors
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A toy: two parameters are drawn to numbers that depend on the image, with some noise.
@Suite struct TrainingLoopTests {
  private struct Killed: Error {}

  private final class Toy {
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

    /// Trains on `images`; `losses` may spoil those of one of them.
    @discardableResult
    func train(
      _ images: [Int], _ folder: String, metadata: [String: String] = ["recipe": "a"],
      unusable: Set<Int> = [],
      spoil: @escaping (Int, TrainingLoop.Losses) -> TrainingLoop.Losses = { $1 },
      evaluate: ((Int) throws -> [(String, Double)])? = nil
    ) throws -> [String: Double] {
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

  private let images = [11, 12, 13, 14, 15]

  /// The steps' lines.
  private func log(_ folder: String) throws -> [[String: Double]] {
    try lines(folder).compactMap { line in
      line.contains("learning_rate")
        ? try JSONDecoder().decode([String: Double].self, from: Data(line.utf8)) : nil
    }
  }

  private func lines(_ folder: String) throws -> [String] {
    try String(decoding: Files.read("\(folder)/log.jsonl"), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  /// The log but for what is of the machine.
  private func withoutTimes(_ folder: String) throws -> [String] {
    try lines(folder).map {
      $0.replacing(/,"(seconds|peak_resident_bytes)":[^,}]*/, with: "")
    }
  }

  /// Killed at any step, three times over, also in the middle of one; with an average and
  /// evaluations.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func aKilledAndResumedRunIsTheUninterruptedOne(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      func toy() -> Toy {
        let toy = Toy()
        toy.configuration.seed = seed
        toy.configuration.averageDecay = seed % 2 == 0 ? 0.9 : 0
        toy.configuration.evaluateEverySteps = 3
        if seed % 3 == 0 { toy.configuration.imagesPerForward = 2 }
        return toy
      }
      func train(_ toy: Toy, _ name: String) throws {
        try toy.train(
          images, "\(folder)/\(name)",
          evaluate: { _ in
            [("bias", Double(toy.parameters[1].value.array[0]))]
          })
      }
      let (whole, last) = (toy(), toy())
      try train(whole, "whole")
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<3 {
        let killed = toy()
        killed.killAfter = Int.random(in: 1...15, using: &generator)
        #expect(throws: Killed.self) { try train(killed, "parts") }
      }
      try train(last, "parts")

      #expect(whole.seen.count == 40 && last.seen == Array(whole.seen.suffix(last.seen.count)))
      for name in ["checkpoint.safetensors", "curves.svg"] {
        let files = try ["whole", "parts"].map { try Files.read("\(folder)/\($0)/\(name)") }
        #expect(files[0] == files[1], "\(name)")
      }
      #expect(last.parameters.map(\.value.array) == whole.parameters.map(\.value.array))
      #expect(try withoutTimes("\(folder)/parts") == withoutTimes("\(folder)/whole"))
      #expect(try log("\(folder)/parts").map { $0["step"] } == (0..<20).map { Double($0) })
    }
  }

  @Test func aFinishedRunIsNotRepeated() throws {
    try withTemporaryFolder { folder in
      let (first, second) = (Toy(), Toy())
      first.configuration.averageDecay = 0.9
      second.configuration.averageDecay = 0.9
      let sums = try first.train(images, folder)
      let again = try second.train(images, folder)
      #expect(second.seen.isEmpty)
      #expect(second.parameters.map(\.value.array) == first.parameters.map(\.value.array))
      #expect(try lines(folder).count == 21 && sums["loss"] == again["loss"])
    }
  }

  /// By hand, with a decay of 0.5 and steps 0 to 2: d is 0.1, 2 / 11 and 0.25.
  @Test func theAverageFollowsTheWeights() throws {
    try withTemporaryFolder { folder in
      let (plain, averaged) = (Toy(), Toy())
      var values = [plain.parameters[1].value.array[0]]
      for toy in [plain, averaged] {
        (toy.configuration.epochs, toy.configuration.imagesPerStep) = (1, 2)
        toy.configuration.evaluateEverySteps = 1
      }
      averaged.configuration.averageDecay = 0.5
      try plain.train(
        images, "\(folder)/plain",
        evaluate: { _ in
          values.append(plain.parameters[1].value.array[0])
          return []
        })
      var seen = [Float]()
      try averaged.train(
        images, "\(folder)/averaged",
        evaluate: { _ in
          seen.append(averaged.parameters[1].value.array[0])
          return []
        })
      var average = values[0]
      let decays: [Float] = [0.1, 2 / 11, 0.25]
      for (step, decay) in decays.enumerated() {
        average = decay * average + (1 - decay) * values[step + 1]
        #expect(abs(seen[step] - average) < 1e-5, "evaluated with the average")
      }
      #expect(abs(averaged.parameters[1].value.array[0] - average) < 1e-5)
      #expect(plain.parameters[1].value.array[0] == values[3])
      let checkpoint = try Checkpoint(
        path: "\(folder)/averaged/checkpoint.safetensors", kind: "toy")
      try checkpoint.restore(averaged.parameters)
      #expect(averaged.parameters[1].value.array[0] == values[3], "training goes on unaveraged")
    }
  }

  /// The gradient of a step is that of all its images, however they are shared out.
  @Test func imagesThatGoTogetherGiveTheSameStep() throws {
    try withTemporaryFolder { folder in
      let toys = try [1, 2, 4].map { together -> Toy in
        let toy = Toy()
        (toy.configuration.imagesPerStep, toy.configuration.imagesPerForward) = (4, together)
        try toy.train(images, "\(folder)/\(together)", unusable: [13])
        #expect(toy.batches.allSatisfy { $0.count <= together })
        return toy
      }
      for toy in toys {
        #expect(toy.seen == toys[0].seen)
        for (a, b) in zip(toy.parameters[0].value.array, toys[0].parameters[0].value.array) {
          // The losses' own chance differs: one generator for all that go together.
          #expect(abs(a - b) < 0.02)
        }
      }
    }
  }

  @Test func everyImageIsSeenOnceAnEpoch() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.train(images, folder)
      let epochs = stride(from: 0, to: 40, by: 5).map { Array(toy.seen[$0..<$0 + 5]) }
      #expect(epochs.allSatisfy { $0.sorted() == images })
      #expect(Set(epochs).count > 1)
    }
  }

  @Test func rareImagesAreSeenMoreOften() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.repeatThreshold = 0.8
      // One image of five has category 2: sqrt(0.8 / 0.2) = 2.
      let source = try TrainingSource(
        ids: images, categories: [[1], [1], [1, 2], [1], [1]], configuration: toy.configuration)
      var seen = [Int: Int]()
      try toy.loop(folder).run(source) { element, _ in
        element.id
      } losses: { batch, _, tape, _ in
        for (id, _) in batch { seen[id, default: 0] += 1 }
        return (tape.constant(Tensor(scalar: 0)), [])
      }
      #expect(seen == [11: 8, 12: 8, 13: 16, 14: 8, 15: 8])
    }
  }

  @Test func theLossFalls() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.epochs = 40
      try toy.train(images, folder)
      let losses = try log(folder).map { $0["loss"]! }
      #expect(losses.count == 100)
      #expect(losses.suffix(10).max()! < 0.1 * losses[0])
    }
  }

  /// 40 steps: from a tenth of the rate up over 4, then down.
  @Test(arguments: LearningRateSchedule.allCases)
  func theRateRisesAndFalls(schedule: LearningRateSchedule) throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.schedule = schedule
      toy.configuration.epochs = 16
      try toy.train(images, folder)
      let rates = try log(folder).map { $0["learning_rate"]! / 0.05 }
      func near(_ step: Int, _ expected: Double) -> Bool { abs(rates[step] - expected) < 1e-5 }
      #expect(near(0, 0.1) && near(1, 0.325) && near(2, 0.55) && near(3, 0.775) && near(4, 1))
      switch schedule {
      case .step: #expect(near(35, 1) && near(36, 0.1) && near(38, 0.01) && near(39, 0.001))
      case .cosine: #expect(near(22, 0.5) && near(39, 0.5 * (1 + cos(.pi * 35 / 36))))
      }
    }
  }

  @Test(arguments: [1, 2])
  func aLossThatIsNotFiniteNamesStepAndImages(together: Int) throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.imagesPerForward = together
      toy.configuration.checkpointSteps = 1
      var before = toy.parameters.map(\.value.array)
      let error = #expect(throws: InputError.self) {
        try toy.train(images, folder) { image, losses in
          if image != 14 { return losses }
          before = toy.parameters.prefix(2).map(\.value.array)
          return (scale(losses.total, by: .nan), losses.values)
        }
      }
      #expect(error?.what == "the loss is not finite")
      #expect(error?.place?.hasPrefix("step ") == true && error?.place?.contains("14") == true)
      #expect(toy.parameters.prefix(2).map(\.value.array) == before)
    }
  }

  /// The loss is a number, its slope is not.
  @Test func aGradientThatIsNotFiniteStopsBeforeTheStep() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      var before = toy.parameters.map(\.value.array)
      let error = #expect(throws: InputError.self) {
        try toy.train(images, folder) { image, losses in
          if image != 14 { return losses }
          before = toy.parameters.prefix(2).map(\.value.array)
          let huge = scale(scale(losses.total, by: 1e-38), by: 1e-38)
          return (
            add(losses.total, scale(scale(huge, by: .greatestFiniteMagnitude), by: .infinity)), []
          )
        }
      }
      #expect(
        error?.what.hasSuffix("is not finite") == true && error?.place?.contains("14") == true)
      #expect(toy.parameters.prefix(2).map(\.value.array) == before)
    }
  }

  @Test func aCheckpointOfAnotherRecipeOrSeedIsRefused() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.train(images, folder)
      let error = #expect(throws: InputError.self) {
        try toy.train(images, folder, metadata: ["recipe": "b"])
      }
      #expect(error?.what.contains("recipe") == true)
      #expect(error?.expected == "b" && error?.got == "a")
      toy.configuration.seed = 9
      let other = #expect(throws: InputError.self) { try toy.train(images, folder) }
      #expect(other?.what.contains("seed") == true && other?.got == "1")
    }
  }

  @Test func withoutImagesThereIsNothingToTrainOn() throws {
    #expect(throws: InputError.self) {
      try TrainingSource(ids: [], configuration: TrainingConfiguration())
    }
  }

  /// An image that cannot be used leaves the others of its step.
  @Test func unusableImagesArePassedOver() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.train(images, folder, unusable: [13])
      #expect(toy.seen.count == 32 && !toy.seen.contains(13))
    }
  }

  @Test func whatPreparingThrowsEndsTheRun() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      let source = try TrainingSource(ids: images, configuration: toy.configuration)
      #expect(throws: Killed.self) {
        try toy.loop(folder).run(source) { element, _ -> Int? in
          if element.id == 12 { throw Killed() }
          return element.id
        } losses: { _, _, tape, _ in
          (tape.constant(Tensor(scalar: 0)), [])
        }
      }
    }
  }

  @Test func thePictureHasEveryFigure() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.configuration.evaluateEverySteps = 10
      try toy.train(images, folder, evaluate: { _ in [("AP < 1 & more", 0.25)] })
      let text = try String(decoding: Files.read("\(folder)/curves.svg"), as: UTF8.self)
      let parser = XMLParser(data: Data(text.utf8))
      #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
      for name in ["loss", "part", "learning_rate", "seconds", "evaluation: AP &lt; 1 &amp; more"] {
        #expect(text.contains(">\(name) <"), "\(name)")
      }
      #expect(!text.contains("nan") && text.count < 30_000)
      #expect(try lines(folder).contains { $0.contains("\"evaluation\":{\"AP < 1 & more\":0.25}") })
      #expect(try lines(folder).last?.contains("\"peak_resident_bytes\":") == true)
    }
  }
}
