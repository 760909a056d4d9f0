import Cache
import Distillation
import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Training

/// What a loop is given of images, by a pipeline's choices.
@Suite struct ImageSourceTests {
  private var choices: TrainingConfiguration {
    var choices = TrainingConfiguration()
    (choices.epochs, choices.imagesPerStep) = (8, 2)
    return choices
  }

  /// The images of a training that learns nothing, in order; those of so many steps.
  private func seen(
    _ source: TrainingSource<DueImage>, _ choices: TrainingConfiguration, _ folder: String,
    until: Int = .max
  ) throws -> [DueImage] {
    let weight = Parameter("weight", Tensor([1], [0]))
    var loop = TrainingLoop(
      configuration: choices, kind: "toy", parameters: [weight], folder: folder, metadata: [:])
    loop.stopsAfter = { $0 >= until }
    var seen = [DueImage]()
    try loop.run(source) { image, _ in
      image
    } losses: { images, _, tape, _ in
      seen += images
      return (tape.constant(Tensor(scalar: 0)), [])
    }
    return seen
  }

  @Test func rareImagesAreSeenMoreOften() throws {
    try withTemporaryFolder { folder in
      var choices = choices
      choices.repeatThreshold = 0.8
      // One image of five has category 2: sqrt(0.8 / 0.2) = 2.
      let source = try TrainingSource(
        ids: [11, 12, 13, 14, 15], categories: [[1], [1], [1, 2], [1], [1]], configuration: choices)
      let counts = Dictionary(grouping: try seen(source, choices, folder), by: \.id)
        .mapValues(\.count)
      #expect(counts == [11: 8, 12: 8, 13: 16, 14: 8, 15: 8])
    }
  }

  @Test func withoutImagesThereIsNothingToTrainOn() throws {
    for threshold in [0, 0.5] {
      var choices = choices
      choices.repeatThreshold = threshold
      let error = #expect(throws: InputError.self) {
        try TrainingSource(ids: [], categories: [], configuration: choices)
      }
      #expect(error?.what == "there are no images to train on")
    }
  }

  /// The usable images of a cache with all that it holds of them, once an epoch; stopped after any
  /// step, training goes on with the very images it would have seen.
  @Test(arguments: [1, 3]) func theImagesOfACache(together: Int) throws {
    try withTemporaryFolder { folder in
      let records = sampleRecords(36)
      try fill("\(folder)/cache", records, unitSize: 7)
      var choices = choices
      (choices.epochs, choices.imagesPerStep, choices.imagesPerForward) = (3, 6, together)
      func seen(_ name: String, until: Int = .max) throws -> [DueImage] {
        let reader = try CacheReader(folder: "\(folder)/cache", recipe: sampleRecipe())
        let source = try TrainingSource(
          cache: UsableImages(of: reader), configuration: choices)
        // 29 images can be used; the last step is filled up.
        #expect(source.steps(choices) == 15)
        return try self.seen(source, choices, "\(folder)/\(name)", until: until)
      }
      let whole = try seen("whole")
      #expect(whole.count == 90)
      let usable = records.filter { !$0.status.isFailure }.map(\.imageID)
      for epoch in 0..<3 {
        #expect(whole[29 * epoch..<29 * (epoch + 1)].map(\.id).sorted() == usable)
      }
      for image in whole {
        #expect(records.contains { $0 == image.record && $0.imageID == image.id })
      }
      let parts = try [4, 5, 11, .max].flatMap { try seen("parts", until: $0) }
      #expect(parts.map(\.id) == whole.map(\.id))
    }
  }

  /// 40 steps: from a tenth of the rate up over 4, then down.
  @Test(arguments: LearningRateSchedule.allCases)
  func theRateRisesAndFalls(schedule: LearningRateSchedule) {
    var choices = choices
    (choices.schedule, choices.warmupSteps, choices.learningRate) = (schedule, 4, 0.05)
    let rates = choices.rates(steps: 40)
    func near(_ step: Int, _ expected: Double) -> Bool {
      abs(Double(rates.rate(at: step)) / 0.05 - expected) < 1e-5
    }
    #expect(near(0, 0.1) && near(1, 0.325) && near(2, 0.55) && near(3, 0.775) && near(4, 1))
    switch schedule {
    case .step: #expect(near(35, 1) && near(36, 0.1) && near(38, 0.01) && near(39, 0.001))
    case .cosine: #expect(near(22, 0.5) && near(39, 0.5 * (1 + cos(.pi * 35 / 36))))
    }
  }
}
