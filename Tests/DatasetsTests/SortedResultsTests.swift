import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Boxes in COCO's results form become proposals image by image, whatever their order.
@Suite struct SortedResultsTests {
  /// A box by its number, of one of the images 1...9; scores of which many are equal.
  private func record(_ number: Int, image: Int) -> String {
    "{\"image_id\":\(image),\"bbox\":[\(number),0,2,3],\"score\":\(Double(number % 4) / 4)}"
  }

  /// What reading everything into memory gives: best first, ties in the file's order.
  private func expected(_ images: [Int], of id: Int) -> [Region] {
    let numbers = images.indices.filter { images[$0] == id }
    return [3, 2, 1, 0].flatMap { quarter in
      numbers.filter { $0 % 4 == quarter }.map {
        Region(
          box: Box(x0: Float($0), y0: 0, x1: Float($0 + 2), y1: 3), score: Float(quarter) / 4)
      }
    }
  }

  private func given(_ text: String, in folder: String) throws -> GivenProposals {
    try Files.write(Data(text.utf8), to: "\(folder)/results.json")
    return try GivenProposals(path: "\(folder)/results.json")
  }

  private func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
  }

  @Test(arguments: [1, 2, 7, 100, 1000])
  func anyOrder(boxesAtOnce: Int) throws {
    try withTemporaryFolder { folder in
      var generator = SeededGenerator(seed: 3)
      let images = (0..<200).map { _ in Int.random(in: 1...9, using: &generator) }
      let text = images.enumerated().map { record($0.offset, image: $0.element) }
      let passedOver = PassedOver()
      // Image 12 has no boxes; images 8 and 9 are not of the data set.
      let wanted = [12, 7, 1, 2, 3, 4, 5, 6]
      let results = try SortedResults(
        given("[\(text.joined(separator: ","))]", in: folder), imageIDs: wanted, in: folder,
        passingOver: passedOver, boxesAtOnce: boxesAtOnce)
      for id in wanted {
        #expect(
          try results.proposals(of: id)
            == Proposals(imageID: id, regions: expected(images, of: id)))
      }
      #expect(try results.proposals(of: 8) == Proposals(imageID: 8))
      let strangers = images.count { $0 > 7 }
      #expect(results.count == 200 - strangers)
      #expect(
        results.most == wanted.map { id in images.count { $0 == id } }.max())
      let first = try #require(images.firstIndex { $0 > 7 })
      #expect(passedOver.lines.count == 1)
      #expect(passedOver.lines[0].contains("results.json: [\(first)].image_id"))
      #expect(passedOver.lines[0].hasSuffix("passed over, the first of \(strangers)"))
      // The sorted boxes have no name.
      #expect(try names(in: folder) == ["results.json"])
    }
  }

  @Test func severalThreads() throws {
    try withTemporaryFolder { folder in
      let images = (0..<3000).map { $0 * 7 % 50 }
      let text = images.enumerated().map { record($0.offset, image: $0.element) }
      let results = try SortedResults(
        given("[\(text.joined(separator: ","))]", in: folder), imageIDs: Array(0..<50),
        in: folder, boxesAtOnce: 64)
      let found = Parallel.map(Array(0..<50)) { try? results.proposals(of: $0).regions }
      for id in 0..<50 { #expect(found[id] == expected(images, of: id)) }
    }
  }

  /// What is wrong is named, also behind boxes that were sorted already, and nothing is left behind.
  @Test(arguments: [
    (#"{"image_id":1,"bbox":[0,0,1,1],"score":1.5}"#, "[5].score: not a proposal's score"),
    (#"{"image_id":1,"bbox":[0,0,-1,1],"score":1}"#, "[5].bbox: a box of negative size"),
    (#"{"image_id":1,"score":1}"#, "[5]: the key 'bbox' is missing"),
    (#"{"image_id":1,"bbox":[0,0,1"#, "malformed JSON"),
    (#"{"image_id":1,"bbox":[0,0,1,"#, "[5].bbox[3]: wrong value"),
    (#"{"image_id":1,"bbox":[0,0,1,1],"score":1}] ["#, "malformed JSON"),
  ])
  func damaged(record last: String, words: String) throws {
    try withTemporaryFolder { folder in
      let text = (0..<5).map { record($0, image: 1) } + [last]
      let given = try given("[\(text.joined(separator: ","))]", in: folder)
      let error = try #require(throws: InputError.self) {
        try SortedResults(given, imageIDs: [1], in: folder, boxesAtOnce: 2)
      }
      #expect("\(error)".contains(words), "\(error)")
      #expect(try names(in: folder) == ["results.json"])
    }
  }

  @Test func noBoxAtAll() throws {
    try withTemporaryFolder { folder in
      let none = try SortedResults(given("[]", in: folder), imageIDs: [3, 4], in: folder)
      #expect(none.count == 0 && none.most == 0)
      #expect(try none.proposals(of: 3) == Proposals(imageID: 3))
      let strange = try given("[\(record(0, image: 1))]", in: folder)
      let error = try #require(throws: InputError.self) {
        try SortedResults(strange, imageIDs: [3, 4], in: folder)
      }
      #expect(error.what == "none of the proposals is of an image of the data set")
      #expect(throws: InputError.self) {
        try SortedResults(
          strange, imageIDs: [3], in: folder, passingOver: PassedOver(isStrict: true))
      }
    }
  }
}
