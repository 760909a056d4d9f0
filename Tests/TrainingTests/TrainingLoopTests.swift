import Distillation
import Foundation
import Support
import Tensors
import TestSupport
import Testing

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
      let losses = try Outputs.log(folder).map { $0["loss"]! }
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
      let rates = try Outputs.log(folder).map { $0["learning_rate"]! / 0.05 }
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

  /// Of five images one has nothing to distil; the mean is over the others.
  @Test func aLossThatAnImageHasNotIsNotZero() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      (toy.configuration.imagesPerStep, toy.configuration.epochs) = (5, 1)
      let source = try TrainingSource(ids: images, configuration: toy.configuration)
      try toy.loop(folder).run(source) { element, _ in
        element.id
      } losses: { batch, _, tape, _ in
        let id = batch[0].id
        return (
          tape.constant(Tensor(scalar: 1)), id == 13 ? [] : [("image", id == 11 ? 4 : 8)]
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
      (toy.configuration.epochs, toy.configuration.checkpointSteps) = (180, 1000)
      try toy.train(images, folder)
      let text = try String(decoding: Files.read("\(folder)/curves.svg"), as: UTF8.self)
      #expect(text.contains("step 449"))
      for line in text.split(separator: "\n") where line.contains("<polyline") {
        #expect((200...400).contains(line.split(separator: ",").count - 1))
      }
    }
  }
}
