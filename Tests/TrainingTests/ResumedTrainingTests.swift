import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Training

/// Stopped anywhere and started again, a run is the uninterrupted one.
@Suite struct ResumedTrainingTests {
  private let images = [11, 12, 13, 14, 15]

  /// Killed at any step, three times over, also in the middle of one; with an average and
  /// evaluations, by either optimiser.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func aKilledAndResumedRunIsTheUninterruptedOne(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      func toy() -> Toy {
        let toy = Toy()
        toy.choices.seed = seed
        toy.choices.averageDecay = seed % 2 == 0 ? 0.9 : 0
        toy.choices.evaluateEverySteps = 3
        toy.choices.usesAdamW = seed > 3
        if seed % 3 == 0 { toy.choices.examplesPerForward = 2 }
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
      let files = try ["whole", "parts"].map {
        try Files.read("\(folder)/\($0)/checkpoint.safetensors")
      }
      #expect(files[0] == files[1])
      #expect(try Outputs.curves("\(folder)/parts") == Outputs.curves("\(folder)/whole"))
      #expect(last.parameters.map(\.value.array) == whole.parameters.map(\.value.array))
      #expect(
        try Outputs.withoutTimes("\(folder)/parts") == Outputs.withoutTimes("\(folder)/whole"))
      #expect(try Outputs.log("\(folder)/parts").map { $0["step"] } == (0..<20).map { Double($0) })
    }
  }

  /// Stopped after 7 of 20 steps, then told to stop before that, then after 12, then not at all.
  @Test func aRunInPartsIsTheUninterruptedOne() throws {
    try withTemporaryFolder { folder in
      func toy(until: Int?) -> Toy {
        let toy = Toy()
        toy.choices.averageDecay = 0.9
        toy.choices.evaluateEverySteps = 4
        toy.until = until
        return toy
      }
      func train(_ toy: Toy, _ name: String) throws -> [String: Double]? {
        try toy.train(
          images, "\(folder)/\(name)",
          evaluate: { _ in [("bias", Double(toy.parameters[1].value.array[0]))] })
      }
      let whole = toy(until: nil)
      #expect(try train(whole, "whole") != nil)
      for (until, seen) in [(7, 14), (5, 0), (12, 10)] {
        let part = toy(until: until)
        #expect(try train(part, "parts") == nil)
        #expect(part.seen.count == seen)
        let checkpoint = try Checkpoint(path: "\(folder)/parts/checkpoint.safetensors", kind: "toy")
        #expect(checkpoint.step == max(7, until) && checkpoint.isOfTraining)
        #expect(try Outputs.log("\(folder)/parts").count == max(7, until))
      }
      let last = toy(until: 500)
      #expect(try train(last, "parts") != nil)
      let files = try ["whole", "parts"].map {
        try Files.read("\(folder)/\($0)/checkpoint.safetensors")
      }
      #expect(files[0] == files[1])
      #expect(last.parameters.map(\.value.array) == whole.parameters.map(\.value.array))
      #expect(
        try Outputs.withoutTimes("\(folder)/parts") == Outputs.withoutTimes("\(folder)/whole"))

      // What a run ends with can be had from its checkpoint: the averages.
      let result = Toy()
      try Checkpoint(path: "\(folder)/parts/checkpoint.safetensors", kind: "toy")
        .restoreResult(result.parameters)
      #expect(result.parameters.map(\.value.array) == whole.parameters.map(\.value.array))
    }
  }

  @Test func aFinishedRunIsNotRepeated() throws {
    try withTemporaryFolder { folder in
      let (first, second) = (Toy(), Toy())
      first.choices.averageDecay = 0.9
      second.choices.averageDecay = 0.9
      let sums = try #require(try first.train(images, folder))
      let again = try #require(try second.train(images, folder))
      #expect(second.seen.isEmpty)
      #expect(second.parameters.map(\.value.array) == first.parameters.map(\.value.array))
      #expect(try Outputs.lines(folder).count == 21 && sums["loss"] == again["loss"])
    }
  }

  /// By hand, with a decay of 0.5 and steps 0 to 2: d is 0.1, 2 / 11 and 0.25.
  @Test func theAverageFollowsTheWeights() throws {
    try withTemporaryFolder { folder in
      let (plain, averaged) = (Toy(), Toy())
      var values = [plain.parameters[1].value.array[0]]
      for toy in [plain, averaged] {
        (toy.choices.epochs, toy.choices.examplesPerStep) = (1, 2)
        toy.choices.evaluateEverySteps = 1
      }
      averaged.choices.averageDecay = 0.5
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

  @Test func aCheckpointOfAnotherRecipeOrSeedIsRefused() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      try toy.train(images, folder)
      let error = #expect(throws: InputError.self) {
        try toy.train(images, folder, metadata: ["recipe": "b"])
      }
      #expect(error?.what.contains("recipe") == true)
      #expect(error?.expected == "b" && error?.got == "a")
      toy.choices.seed = 9
      let other = #expect(throws: InputError.self) { try toy.train(images, folder) }
      #expect(other?.what.contains("seed") == true && other?.got == "1")
    }
  }

  @Test func aCacheThatHasChangedIsRefused() throws {
    try withTemporaryFolder { folder in
      func seen(_ manifest: String, until: Int? = nil) throws -> Int {
        let toy = Toy()
        (toy.manifest, toy.until) = (manifest, until)
        try toy.train(images, folder)
        return toy.seen.count
      }
      let before = try seen("0123456789abcdef", until: 3)
      for other in ["fedcba9876543210", ""] {
        let error = #expect(throws: InputError.self) { try seen(other) }
        #expect(error?.what == "the training run was started on other shards of the cache")
        #expect(error?.expected == "manifest 0123456789ab")
        #expect(error?.got == "manifest \(other.prefix(12))")
      }
      let after = try seen("0123456789abcdef")
      #expect(before == 6 && after == 34)
    }
  }
}
