import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Training

/// What a training says while something is wrong.
@Suite struct TrainingMonitorTests {
  private let images = [11, 12, 13, 14, 15]
  private let baselines = ImageLossBaselines(meanEmbedding: 6.9, imageMeanEmbedding: 3.2)

  /// The steps after which something is said, with the lines.
  private func warnings(
    steps: Int, clip: Float = 2, _ figures: (Int) -> [(String, Double)]
  ) -> [(done: Int, line: String)] {
    var monitor = TrainingMonitor(
      steps: steps, gradientClip: clip, counts: [], baselines: baselines)
    return (0..<steps).flatMap { step in
      monitor.add(step: step, figures(step)).map { (step + 1, $0) }
    }
  }

  @Test func anImageLossAboveTheMeanEmbeddings() throws {
    let always = warnings(steps: 100) { [("image", $0 % 10 == 0 ? 2 : 7)] }
    #expect(always.map(\.done) == [20, 100])
    #expect(
      always[0].line.hasPrefix(
        "the image loss is 7 after 20 of 100 steps, no less than the 6.9 of answering with the mean "
          + "embedding of all regions: "))
    // Below the mean embedding's, in time; it is no matter how it began.
    #expect(warnings(steps: 200) { [("image", $0 < 20 ? 20 : 6.8)] }.isEmpty)
    // Good in the beginning, lost in the end.
    let lost = warnings(steps: 200) { [("image", $0 < 120 ? 5 : 6.9)] }
    #expect(lost.map(\.done) == [160, 200])
  }

  @Test func gradientsThatAreClipped() {
    let always = warnings(steps: 50) { [("gradient_norm", 9.3 + Double($0 % 2) * 1e-6)] }
    #expect(always.map(\.done) == [20, 50])
    #expect(
      always[1].line
        == "gradients clipped in 100% of the steps: their norm is 9.3, gradient_clip 2, so that only "
        + "their direction counts; raise gradient_clip, to at least twice the norm")
    // 51 of 100 are more than half, 50 are not.
    #expect(warnings(steps: 100) { [("gradient_norm", $0 >= 49 ? 3 : 1)] }.map(\.done) == [100])
    #expect(warnings(steps: 100) { [("gradient_norm", $0 >= 50 ? 3 : 1)] }.isEmpty)
    // A norm that is just the limit is left as it is; without a limit nothing is clipped.
    #expect(warnings(steps: 100) { _ in [("gradient_norm", 2)] }.isEmpty)
    #expect(warnings(steps: 100, clip: 0) { _ in [("gradient_norm", 1e9)] }.isEmpty)
  }

  /// Runs too short to say anything about.
  @Test func shortRuns() {
    #expect(warnings(steps: 19) { _ in [("gradient_norm", 9), ("image", 9)] }.isEmpty)
    #expect(
      warnings(steps: 20) { _ in [("gradient_norm", 9), ("image", 9)] }.map(\.done) == [20, 20])
  }

  private func toy() -> Toy {
    let toy = Toy()
    toy.choices.gradientClip = 0.01
    toy.choices.epochs = 16
    toy.baselines = ImageLossBaselines(meanEmbedding: 1.5, imageMeanEmbedding: 0.5)
    return toy
  }

  /// Adds an image loss of 2.
  private func spoil(_ image: Int, _ losses: TrainingLoop.Losses) -> TrainingLoop.Losses {
    (losses.total, losses.values + [("image", 2)])
  }

  /// Warnings and baselines stand in the log once, also where the run was killed in between.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func aLogOfSeveralParts(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let whole = toy()
      try whole.train(images, "\(folder)/whole", spoil: spoil)
      #expect(whole.warnings.count == 4 && whole.baselineReads == 1)
      var generator = SeededGenerator(seed: seed)
      var reads = 0
      for _ in 0..<3 {
        let killed = toy()
        killed.killAfter = Int.random(in: 11...25, using: &generator)
        #expect(throws: Killed.self) {
          try killed.train(images, "\(folder)/parts", spoil: spoil)
        }
        reads += killed.baselineReads
      }
      let last = toy()
      try last.train(images, "\(folder)/parts", spoil: spoil)
      // Each came as far as its first checkpoint.
      #expect(reads + last.baselineReads == 1)
      let logs = try ["whole", "parts"].map { try Outputs.withoutTimes("\(folder)/\($0)") }
      #expect(logs[0] == logs[1])
      #expect(
        logs[0][0]
          == #"{"step":0,"image_loss_baselines":{"mean_embedding":1.5,"image_mean_embedding":0.5}}"#
      )
      let warnings = logs[0].filter { $0.contains("\"warning\":") }
      #expect(warnings.map { $0.prefix(10) } == [23, 23, 39, 39].map { "{\"step\":\($0)" })
    }
  }

  /// Stopped before the step, with the images; the checkpoint from before goes on.
  @Test func aLossThatDivergesStopsTheRun() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      toy.choices.epochs = 40
      var before = toy.parameters.map(\.value.array)
      let error = #expect(throws: InputError.self) {
        try toy.train(images, folder) { image, losses in
          // A count that jumps is no loss.
          if toy.seen.count < 133 {
            let count = toy.seen.count == 120 ? 1e6 : 1
            return (losses.total, losses.values + [("boxes", 0.5), ("count", count)])
          }
          before = toy.parameters.prefix(2).map(\.value.array)
          return (losses.total, losses.values + [("boxes", 1300)])
        }
      }
      #expect(toy.parameters.prefix(2).map(\.value.array) == before)
      // Images 133 and 134 make step 66; the one before has 0.5.
      #expect(error?.what == "the loss 'boxes' is 2600 times its running median")
      #expect(error?.place == "step 66, images \(Array(toy.seen.suffix(2)))")
      #expect(error?.expected == "about 0.5" && error?.got == "1300")
      #expect(error?.hint?.hasPrefix("lower learning_rate") == true)
      #expect(try Outputs.log(folder).count == 66)
      let again = Toy()
      again.choices = toy.choices
      try again.train(images, folder)
      #expect(again.seen.count == 2 * (100 - 65), "from the checkpoint of step 65 on")
    }
  }

  /// Who trains on something else than a data set's images has no images to look at, and own words.
  @Test func adviceInTheWordsOfWhoTrains() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      (toy.choices.epochs, toy.choices.gradientClip, toy.namesImages) = (40, 1e-3, false)
      (toy.advice.learningRate, toy.advice.gradientClip) = ("--rate", "--clip")
      let diverged = #expect(throws: InputError.self) {
        try toy.train(images, folder) { _, losses in
          (losses.total, losses.values + [("boxes", toy.seen.count < 133 ? 0.5 : 1300)])
        }
      }
      #expect(diverged?.place == "step 66")
      #expect(diverged?.hint == "lower --rate or --clip; the last checkpoint is kept")
      let clipped = try #require(toy.warnings.first)
      #expect(clipped.hasPrefix("gradients clipped in 100% of the steps: their norm is "))
      #expect(clipped.contains(", --clip 0.001, so "))
      #expect(clipped.hasSuffix("; raise --clip, to at least twice the norm"))
    }
  }
}
