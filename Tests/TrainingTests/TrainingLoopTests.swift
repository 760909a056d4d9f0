import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Training

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct TrainingLoopTests {
  private let images = [11, 12, 13, 14, 15]

  /// The gradient of a step is that of all its images, however they are shared out.
  @Test func imagesThatGoTogetherGiveTheSameStep() throws {
    try withTemporaryFolder { folder in
      let toys = try [1, 2, 4].map { together -> Toy in
        let toy = Toy()
        (toy.choices.examplesPerStep, toy.choices.examplesPerForward) = (4, together)
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

  @Test func theLossFalls() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.choices.epochs = 40
      try toy.train(images, folder)
      let losses = try Outputs.log(folder).map { $0["loss"]! }
      #expect(losses.count == 100)
      #expect(losses.suffix(10).max()! < 0.1 * losses[0])
    }
  }

  /// 40 steps: from a tenth of the rate up over 4, then half a cosine.
  @Test func aStepHasTheRateOfTheSchedule() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.choices.epochs = 16
      try toy.train(images, folder)
      let rates = try Outputs.log(folder).map { $0["learning_rate"]! / 0.05 }
      func near(_ step: Int, _ expected: Double) -> Bool { abs(rates[step] - expected) < 1e-5 }
      #expect(near(0, 0.1) && near(1, 0.325) && near(2, 0.55) && near(3, 0.775) && near(4, 1))
      #expect(near(22, 0.5) && near(39, 0.5 * (1 + cos(.pi * 35 / 36))))
    }
  }

  @Test(arguments: [1, 2])
  func aLossThatIsNotFiniteNamesStepAndImages(together: Int) throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.choices.examplesPerForward = together
      toy.choices.checkpointSteps = 1
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

  /// What comes after a step of the optimiser sees its weights and may change them; its figures are in
  /// the log, and are no losses.
  @Test func whatFollowsAStep() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      var loop = toy.loop(folder)
      loop.afterStep = { seconds in
        let bias = toy.parameters[1]
        bias.value = Tensor([1, 4], bias.value.array.map { min($0, 0.25) })
        return [("count", seconds > 0 ? 1e9 : 0)]
      }
      try loop.run(toy.source(images)) { image, _ in
        image
      } losses: { _, _, tape, _ in
        let value = add(toy.parameters[0](on: tape), toy.parameters[1](on: tape))
        let target = Tensor([1, 4], [9, 9, 9, 9])
        return (huberLoss(value, target: target, delta: 1, normaliser: 4), [])
      }
      #expect(toy.parameters[1].value.array.max() == 0.25)
      #expect(try Outputs.log(folder).map { $0["count"] } == Array(repeating: 1e9, count: 20))
      let checkpoint = try Checkpoint(path: "\(folder)/checkpoint.safetensors", kind: "toy")
      let stored = Toy().parameters
      try checkpoint.restore(stored)
      #expect(stored.map(\.value.array) == toy.parameters.map(\.value.array))
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

  /// Of five images one has nothing to distil; the mean is over the others.
  @Test func aLossThatAnImageHasNotIsNotZero() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      (toy.choices.examplesPerStep, toy.choices.epochs) = (5, 1)
      try toy.loop(folder).run(toy.source(images)) { image, _ in
        image
      } losses: { batch, _, tape, _ in
        let image = batch[0]
        return (
          tape.constant(Tensor(scalar: 1)), image == 13 ? [] : [("image", image == 11 ? 4 : 8)]
        )
      }
      let log = try #require(Outputs.log(folder).first)
      #expect(abs(log["image"]! - 7) < 1e-6)
      #expect(abs(log["loss"]! - 1) < 1e-6)
    }
  }

  @Test func whatPreparingThrowsEndsTheRun() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      #expect(throws: Killed.self) {
        try toy.loop(folder).run(toy.source(images)) { image, _ -> Int? in
          if image == 12 { throw Killed() }
          return image
        } losses: { _, _, tape, _ in
          (tape.constant(Tensor(scalar: 0)), [])
        }
      }
    }
  }

  @Test func thePictureHasEveryFigure() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.choices.evaluateEverySteps = 10
      try toy.train(
        images, folder, evaluate: { step in [("AP < 1 & more", step < 10 ? 0.25 : 0.5)] })
      let text = try String(decoding: Files.read("\(folder)/curves.svg"), as: UTF8.self)
      let parser = XMLParser(data: Data(text.utf8))
      #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
      for name in ["loss", "part", "learning_rate", "seconds", "evaluation: AP &lt; 1 &amp; more"] {
        #expect(text.contains(">\(name) <"), "\(name)")
      }
      #expect(!text.contains("nan") && text.count < 30_000)
      #expect(
        try Outputs.lines(folder).contains {
          $0.contains("\"evaluation\":{\"AP < 1 & more\":0.25}")
        })
      #expect(try Outputs.lines(folder).last?.contains("\"peak_resident_bytes\":") == true)
    }
  }

  /// A point stands for two steps: a picture does not grow with the run.
  @Test func thePictureOfALongRunIsSmall() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      (toy.choices.epochs, toy.choices.checkpointSteps) = (180, 1000)
      try toy.train(images, folder)
      let text = try String(decoding: Files.read("\(folder)/curves.svg"), as: UTF8.self)
      #expect(text.contains("step 449"))
      for line in text.split(separator: "\n") where line.contains("<polyline") {
        #expect((200...400).contains(line.split(separator: ",").count - 1))
      }
    }
  }
}
