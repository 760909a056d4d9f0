import Foundation
import Pretraining
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct PretrainingBatchTests {
  private func batches(
    _ categories: [CropCategory], size: Int, steps: Range<Int>,
    _ change: (inout PretrainingConfiguration) -> Void = { _ in }
  ) throws -> (batches: [PretrainingBatch], texts: [[String]]) {
    var configuration = PretrainingConfiguration()
    configuration.cropsPerStep = size
    change(&configuration)
    return try withTemporaryFolder { folder in
      let vocabulary = BytePairVocabulary(
        learningFrom: PretrainingTexts.corpus(categories), limit: configuration.merges)
      try vocabulary.write(folder: folder)
      let tokenizer = try #require(try BytePairTokenizer.load(folder: folder))
      let texts = try PretrainingTexts(categories, configuration, tokenizer)
      let batches = steps.map {
        PretrainingBatch(
          step: $0, categories: categories.count, configuration: configuration, texts: texts)
      }
      let words = batches.map { batch in
        batch.tokens.map { (tokens: [Int]) -> String in
          let pieces: [String] = tokens.dropFirst().dropLast().map { vocabulary.tokens[$0] }
          return pieces.joined().replacing("</w>", with: " ")
        }
      }
      return (batches, words)
    }
  }

  private let ten = (0..<10).map {
    CropCategory(name: "thing \("abcdefghij".map(String.init)[$0])")
  }

  @Test func categoriesOfAStepDiffer() throws {
    let (batches, _) = try batches(ten, size: 4, steps: 0..<40)
    for batch in batches {
      #expect(Set(batch.categories).count == 4 && Set(batch.seeds).count == 4)
      #expect(batch.matches == (0..<4).map { i in (0..<4).map { $0 == i } })
    }
    // Two steps of a pass have eight of the ten between them.
    #expect(Set(batches[0].categories + batches[1].categories).count == 8)
    #expect(Set(batches.map(\.categories)).count > 30)
    #expect(Set(batches.flatMap(\.categories)).count == 10)
  }

  @Test func cropsVaryMoreFromTheFirstStepsOn() throws {
    let (batches, _) = try batches(ten, size: 4, steps: 0..<21) { $0.steps = 20 }
    // From 15 to 40% of the steps: from step 3 to step 8.
    let rising = (1...4).map { Double($0) / 5 }
    let expected = Array(repeating: 0, count: 4) + rising + Array(repeating: 1, count: 13)
    for (batch, variety) in zip(batches, expected) {
      #expect(abs(batch.variety - variety) < 1e-12)
    }
  }

  @Test func moreCropsThanCategoriesMatchSeveralTexts() throws {
    let (batches, _) = try batches(ten, size: 25, steps: 0..<2)
    for batch in batches {
      let counts = Dictionary(grouping: batch.categories) { $0 }.mapValues(\.count)
      #expect(counts.count == 10 && counts.values.allSatisfy { 2...3 ~= $0 })
      for (row, category) in zip(batch.matches, batch.categories) {
        #expect(row.count { $0 } == counts[category])
      }
    }
  }

  @Test func aStepIsTheSameWheneverItIsAsked() throws {
    let early = try batches(ten, size: 4, steps: 0..<20).batches[17]
    let late = try batches(ten, size: 4, steps: 17..<18).batches[0]
    #expect(early.categories == late.categories && early.seeds == late.seeds)
    #expect(early.tokens == late.tokens)
    let other = try batches(ten, size: 4, steps: 17..<18) { $0.seed = 2 }.batches[0]
    #expect(other.seeds != late.seeds)
  }

  /// "pet" is a keyword of both, "bark" of one: only that may stand for a category.
  @Test func sharedKeywordsAreNotShown() throws {
    let pets = [
      CropCategory(name: "dog", keywords: ["pet", "bark"]),
      CropCategory(name: "cat", keywords: ["pet"]),
    ]
    let (_, texts) = try batches(pets, size: 2, steps: 0..<60) {
      ($0.keywordShare, $0.synonymShare) = (0.9, 0)
    }
    let all = texts.flatMap { $0 }
    #expect(all.contains { $0.contains("bark") })
    #expect(!all.contains { $0.contains("pet") })
    #expect(all.contains { $0.contains("cat") })
  }

  @Test func synonymsComeAsOftenAsTheyShould() throws {
    let synonym = [
      CropCategory(name: "dog", synonyms: ["hound"]), CropCategory(name: "cat"),
    ]
    let (_, texts) = try batches(synonym, size: 2, steps: 0..<200) {
      ($0.keywordShare, $0.synonymShare) = (0, 0.25)
    }
    let hounds = texts.flatMap { $0 }.count { $0.contains("hound") }
    #expect(30...70 ~= hounds, "\(hounds) of 200")
  }

  @Test func longSentencesGiveWayToTheWord() throws {
    let (batches, texts) = try batches(ten, size: 4, steps: 0..<50) { $0.context = 8 }
    #expect(batches.flatMap(\.tokens).allSatisfy { $0.count <= 8 })
    #expect(texts.flatMap { $0 }.allSatisfy { $0.contains("thing") })
  }
}

@Suite struct ZeroShotAccuracyTests {
  /// Of five pictures of the second name: one right, two called the third, one each the first and the
  /// last; then the first is level with the third, and stands before it.
  @Test func theMostFrequentWrongAnswer() {
    func answer(_ place: Int) -> [Float] { (0..<4).map { $0 == place ? 1 : 0 } }
    var accuracy = ZeroShotAccuracy()
    for place in [1, 2, 0, 2, 3] {
      accuracy.add(cosines: Tensor([1, 4], answer(place)), names: [1])
    }
    let tally = accuracy.tallies[1]!
    #expect(tally.count == 5 && tally.first == 1 && tally.firstFive == 5)
    #expect(tally.mostFrequentWrong! == (name: 2, count: 2))
    accuracy.add(cosines: Tensor([1, 4], answer(0)), names: [1])
    #expect(accuracy.tallies[1]!.mostFrequentWrong! == (name: 0, count: 2))
  }

  /// Ranks by hand: first; second; of equal ones, the one that stands before comes first.
  @Test func ranksByHand() {
    var accuracy = ZeroShotAccuracy()
    accuracy.add(
      cosines: Tensor(
        [3, 7],
        [
          0.9, 0.1, 0, 0, 0, 0, 0,
          0.9, 0.1, 0, 0, 0, 0, 0,
          0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
        ]), names: [0, 1, 5])
    #expect(accuracy.count == 3 && accuracy.first == 1 && accuracy.firstFive == 2)
    #expect("\(accuracy)" == "top-1 33.3% (1), top-5 66.7% (2) of 3")
    #expect(accuracy.tallies.keys.sorted() == [0, 1, 5])
    #expect(accuracy.tallies[0]!.mostFrequentWrong == nil)
    #expect(accuracy.tallies[1]!.mostFrequentWrong! == (name: 0, count: 1))
    #expect(accuracy.tallies[5]!.mostFrequentWrong! == (name: 0, count: 1))
    #expect("\(ZeroShotAccuracy())" == "top-1 0.0% (0), top-5 0.0% (0) of 0")
  }
}
