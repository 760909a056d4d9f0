import Foundation
import Ranks
import Support
import Tensors
import TestSupport
import Testing
import Training

/// The same training by several ranks, as threads.
@Suite struct RankTrainingTests {
  private struct Result: Sendable {
    var weights: [[Float]]
    var gave: [String: Double]?
  }

  private let images = [11, 12, 13, 14, 15]

  /// Trains toys in folders of `folder`, one a rank.
  private func train(
    _ count: Int, _ folder: String, until: Int? = nil, adamW: Bool = false, unusable: Set<Int> = [],
    spoils: Int? = nil, change: @escaping @Sendable (Ranks, Toy) -> Void = { _, _ in }
  ) -> [Swift.Result<Result, any Error>] {
    RankGroup.run(count) { [images] ranks in
      let toy = Toy()
      (toy.choices.examplesPerStep, toy.choices.usesAdamW) = (4, adamW)
      (toy.choices.epochs, toy.choices.averageDecay, toy.until) = (16, 0.9, until)
      toy.ranks = ranks
      change(ranks, toy)
      let gave = try toy.train(
        images, "\(folder)/\(ranks.isLeader ? "leader" : "rank\(ranks.rank)")", unusable: unusable,
        spoil: { image, losses in
          image == spoils ? (scale(losses.total, by: .nan), losses.values) : losses
        })
      return Result(weights: toy.parameters.map(\.value.array), gave: gave)
    }
  }

  private func alone(_ folder: String, adamW: Bool = false, unusable: Set<Int> = []) throws
    -> Result
  {
    let toy = Toy()
    (toy.choices.examplesPerStep, toy.choices.usesAdamW) = (4, adamW)
    (toy.choices.epochs, toy.choices.averageDecay) = (16, 0.9)
    let gave = try toy.train(images, "\(folder)/alone", unusable: unusable)
    return Result(weights: toy.parameters.map(\.value.array), gave: gave)
  }

  /// Losses, norms, weights and running statistics; and only the leader keeps anything.
  @Test(arguments: [2, 4], [false, true]) func ranksTrainAsOneProcess(count: Int, adamW: Bool)
    throws
  {
    try withTemporaryFolder { folder in
      let one = try alone(folder, adamW: adamW, unusable: [13])
      let several = try train(count, folder, adamW: adamW, unusable: [13]).map { try $0.get() }
      for (a, b) in zip(several[0].weights.joined(), one.weights.joined()) {
        #expect(abs(a - b) < 1e-6)
      }
      let logs = try ["alone", "leader"].map { try Outputs.log("\(folder)/\($0)") }
      #expect(logs[0].count == 20 && logs[1].count == 20)
      for (a, b) in zip(logs[0], logs[1]) {
        #expect(a.keys == b.keys)
        for name in a.keys where name != "seconds" { #expect(abs(a[name]! - b[name]!) < 1e-6) }
      }
      #expect(several[0].gave?.keys == one.gave?.keys)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["alone", "leader"])
    }
  }

  @Test func equalRanksGiveEqualBits() throws {
    try withTemporaryFolder { folder in
      let runs = try ["a", "b"].map { try train(2, "\(folder)/\($0)").map { try $0.get() } }
      #expect(runs[0][0].weights == runs[1][0].weights)
      // The leader alone ends with the average.
      #expect(runs[0][0].weights != runs[0][1].weights)
      #expect(runs[0][1].weights == runs[1][1].weights)
    }
  }

  /// By another number of ranks, and by as many, which gives the bits of a run that was not interrupted.
  @Test func aRunGoesOnWithAnyNumber() throws {
    try withTemporaryFolder { folder in
      let whole = try train(2, "\(folder)/whole", adamW: true)[0].get()
      for (other, tolerance) in [(2, Float(0)), (4, 1e-6), (1, 1e-6)] {
        let path = "\(folder)/\(other)"
        _ = try train(2, path, until: 7, adamW: true).map { try $0.get() }
        let end = try train(other, path, adamW: true)[0].get()
        for (a, b) in zip(end.weights.joined(), whole.weights.joined()) {
          #expect(abs(a - b) <= tolerance)
        }
        #expect(try Outputs.log("\(path)/leader").map { $0["step"] } == (0..<20).map(Double.init))
      }
    }
  }

  /// Whichever rank meets it: the leader names the image.
  @Test func aLossThatIsNotFiniteEndsAll() throws {
    try withTemporaryFolder { folder in
      for spoiled in images {
        let results = train(4, "\(folder)/\(spoiled)", spoils: spoiled)
        let error = try #require(throws: InputError.self) { try results[0].get() }
        #expect(error.kind == .badData && "\(error)".contains("images [\(spoiled)]"))
        for result in results.dropFirst() {
          #expect(throws: Ranks.End(code: 65)) { try result.get() }
        }
      }
    }
  }

  /// A checkpoint of another recipe, which the leader alone sees.
  @Test func whatTheLeaderRefusesEndsAll() throws {
    try withTemporaryFolder { folder in
      _ = try train(2, folder, until: 5).map { try $0.get() }
      let results = train(2, folder) { _, toy in toy.metadata = ["recipe": "b"] }
      let error = try #require(throws: InputError.self) { try results[0].get() }
      #expect("\(error)".contains("was made with another recipe"))
      #expect(throws: Ranks.End(code: 65)) { try results[1].get() }
    }
  }

  /// Also when all steps are made, and when all have stopped: the others are still there to be told.
  @Test(arguments: [7, 20]) func aCheckpointThatCannotBeWrittenEndsAll(until: Int) throws {
    try withTemporaryFolder { folder in
      let results = train(2, folder, until: until) { ranks, toy in
        toy.afterStep = { step in
          guard ranks.isLeader, step == until - 1 else { return }
          let path = "\(folder)/leader/checkpoint.safetensors"
          try? FileManager.default.removeItem(atPath: path)
          try? Files.createFolder("\(path)/in the way")
        }
      }
      let error = try #require(throws: InputError.self) { try results[0].get() }
      #expect("\(error)".contains("checkpoint.safetensors"))
      #expect(throws: Ranks.End(code: error.kind.rawValue)) { try results[1].get() }
    }
  }

  /// An evaluation may take any time, and fail, when no step is left.
  @Test func anEvaluationThatFailsInTheEndEndsAll() throws {
    try withTemporaryFolder { folder in
      let results = RankGroup.run(2) { [images] ranks in
        let toy = Toy()
        (toy.choices.examplesPerStep, toy.choices.evaluateEverySteps) = (4, 100)
        toy.ranks = ranks
        try toy.train(
          images, "\(folder)/\(ranks.rank)",
          evaluate: { _ in throw InputError(.badData, "cut off", at: "val.json") })
      }
      let error = try #require(throws: InputError.self) { try results[0].get() }
      #expect("\(error)" == "val.json: cut off")
      #expect(throws: Ranks.End(code: 65)) { try results[1].get() }
    }
  }

  /// What comes up on another rank, as an image that it cannot read, is said once, by the leader.
  @Test func theLeaderSaysWhatOthersMeet() throws {
    try withTemporaryFolder { folder in
      let said = Lines()
      let results = train(4, folder) { ranks, toy in
        let console = ranks.console(Console(.jsonLines) { said.add($0) })
        toy.console = console
        console.say("distill", "before the first step, which each rank does, on \(ranks.rank)")
        toy.beforeLoss = { count in
          // Others meet it twice.
          if count == 2 || count == 5 && !ranks.isLeader {
            console.say("distill", "an image of rank \(ranks.rank)")
          }
        }
      }
      for result in results { _ = try result.get() }
      let messages = said.all.filter { $0.contains("message") }
      #expect(messages.count == 5)
      #expect(
        messages.count { $0.contains("before the first step, which each rank does, on 0") } == 1)
      for rank in 0..<4 { #expect(messages.count { $0.contains("an image of rank \(rank)") } == 1) }
    }
  }

  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ text: String) { lock.withLock { lines.append(text) } }
    var all: [String] { lock.withLock { lines } }
  }

  /// No rank comes to all images, so none of them knows. The same again says the same.
  @Test(arguments: [1, 2]) func imagesOfWhichNoneCanBeUsedEndAll(count: Int) throws {
    try withTemporaryFolder { folder in
      for _ in 0..<2 {
        let results = train(count, folder, unusable: Set(images))
        let error = try #require(throws: InputError.self) { try results[0].get() }
        #expect(error.kind == .badData)
        #expect("\(error)".contains("none of the images of 20 steps can be used"))
        for result in results.dropFirst() {
          #expect(throws: Ranks.End(code: 65)) { try result.get() }
        }
      }
    }
  }

  /// Steps whose images cannot be used end nothing, however often checkpoints are written.
  @Test func stepsWithoutImagesArePassedOver() throws {
    try withTemporaryFolder { folder in
      let toy = Toy()
      (toy.choices.examplesPerStep, toy.choices.checkpointSteps, toy.choices.epochs) = (1, 1, 2)
      let gave = try toy.train(images, folder, unusable: Set(images.dropLast()))
      #expect(gave?["loss"] != nil)
      #expect(toy.seen.count == 2)
    }
  }

  @Test func ranksThatComputeWronglyAreNoticed() throws {
    try withTemporaryFolder { folder in
      let results = train(2, folder) { ranks, toy in
        toy.afterStep = { step in
          if ranks.rank == 1, step == 3 {
            toy.parameters[0].value += Tensor([1, 4], [0, 0, 1e-6, 0])
          }
        }
      }
      let error = try #require(throws: InputError.self) { try results[0].get() }
      #expect(
        error.kind == .tryAgain && "\(error)".contains("rank 1 has other weights than the leader"))
      // Not a step of the wrong weights is kept.
      #expect(!Files.exists("\(folder)/leader/checkpoint.safetensors"))
    }
  }

  @Test func ranksWithOtherNetworksOrShardsAreRefused() throws {
    try withTemporaryFolder { folder in
      let shards = train(2, "\(folder)/a") { ranks, toy in toy.manifest = "of rank \(ranks.rank)" }
      let error = try #require(throws: InputError.self) { try shards[0].get() }
      #expect("\(error)".hasPrefix("rank 1 on ") && "\(error)".contains("finds other shards"))
      let networks = train(2, "\(folder)/b") { ranks, toy in
        if ranks.rank == 1 { toy.parameters.removeLast() }
      }
      let other = try #require(throws: InputError.self) { try networks[0].get() }
      #expect("\(other)".contains("ranks have different networks"))
    }
  }
}
