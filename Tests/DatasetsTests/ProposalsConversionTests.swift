import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct ProposalsConversionTests {
  private let results = """
    [{"image_id": 5, "category_id": 1, "bbox": [10, 20, 30, 40], "score": 0.5},
     {"image_id": 2, "category_id": 1, "bbox": [0, 0, 8, 100], "score": 0.25},
     {"image_id": 5, "category_id": 1, "bbox": [1, 2, 4.5, 4], "score": 0.75}]
    """

  private func read(
    _ folder: String, ids: [Int] = [2, 3, 5], passingOver passedOver: PassedOver = PassedOver()
  ) throws -> ProposalsFile {
    let path = "\(folder)/results.json"
    try results.write(toFile: path, atomically: true, encoding: .utf8)
    let given = try GivenProposals(path: path)
    #expect(given.isCOCOResults)
    return try ProposalsFile(
      results: given, imageIDs: ids, labelSet: ["cat"], source: "another project", nms: 0.7,
      passingOver: passedOver)
  }

  private func all(_ file: ProposalsFile) throws -> [Proposals] {
    try file.imageIDs.map(file.proposals)
  }

  @Test func resultsBecomeOneArtifactAndResultsAgain() throws {
    try withTemporaryFolder { folder in
      let file = try read(folder)
      #expect(
        file.header
          == ProposalsHeader(
            labelSet: ["cat"], source: "another project", nms: 0.7, top: 2, images: 3))
      #expect(
        try all(file) == [
          Proposals(
            imageID: 2, regions: [Region(box: Box(x0: 0, y0: 0, x1: 8, y1: 100), score: 0.25)]),
          Proposals(imageID: 3),
          Proposals(
            imageID: 5,
            regions: [
              Region(box: Box(x0: 1, y0: 2, x1: 5.5, y1: 6), score: 0.75),
              Region(box: Box(x0: 10, y0: 20, x1: 40, y1: 60), score: 0.5),
            ]),
        ])
      try file.write(to: "\(folder)/p.jsonl")
      let given = try GivenProposals(path: "\(folder)/p.jsonl")
      #expect(!given.isCOCOResults)
      let converted = try ProposalsFile(given)
      #expect(try converted.header == file.header && all(converted) == all(file))
      try file.writeCOCOResults(to: "\(folder)/again.json")
      let again = try ProposalsFile(
        results: GivenProposals(path: "\(folder)/again.json"), imageIDs: [2, 3, 5],
        labelSet: ["cat"],
        source: "another project", nms: 0.7)
      #expect(try again.header == file.header && all(again) == all(file))
    }
  }

  @Test func filtersKeepEveryImage() throws {
    try withTemporaryFolder { folder in
      let file = try read(folder)
      func counts(_ filter: ProposalsFilter) throws -> [Int] {
        try all(file.filtered(by: filter)).map(\.regions.count)
      }
      #expect(try counts(.init()) == [1, 0, 2])
      #expect(try counts(.init(minimumWidth: 8)) == [1, 0, 1])
      #expect(try counts(.init(minimumHeight: 40)) == [1, 0, 1])
      #expect(try counts(.init(minimumHeight: 40.5)) == [1, 0, 0])
      #expect(try counts(.init(minimumArea: 18)) == [1, 0, 2])
      #expect(try counts(.init(minimumArea: 900)) == [0, 0, 1])
      #expect(try counts(.init(minimumScore: 0.5)) == [0, 0, 2])
      // The limit counts what passes, not what is there.
      let best = file.filtered(by: .init(minimumWidth: 10, top: 1))
      #expect(try best.proposals(of: 5).regions.scores == [0.5])
      #expect(best.header.top == 1 && best.header.images == 3)
    }
  }

  @Test func imagesOfTheDataSetAreCompleted() throws {
    try withTemporaryFolder { folder in
      let file = try read(folder)
      try file.write(to: "\(folder)/p.jsonl")
      let given = try GivenProposals(path: "\(folder)/p.jsonl")
      let more = try ProposalsFile(given, imageIDs: [9, 5, 3, 2])
      #expect(try all(more).map(\.imageID) == [9, 5, 3, 2])
      #expect(try all(more).map(\.regions.count) == [0, 2, 0, 1])
      #expect(more.header.images == 4)
      try Data("\n \n".utf8).write(to: URL(filePath: "\(folder)/empty"))
      #expect(throws: InputError.self) { try GivenProposals(path: "\(folder)/empty") }
    }
  }

  /// Training and validation may share a file.
  @Test func boxesOfOtherImagesArePassedOver() throws {
    try withTemporaryFolder { folder in
      let whole = try read(folder)
      try whole.write(to: "\(folder)/p.jsonl")
      let given = try GivenProposals(path: "\(folder)/p.jsonl")
      let (lines, results) = (PassedOver(), PassedOver())
      let some = try ProposalsFile(given, imageIDs: [2, 3], passingOver: lines)
      let two = try [2, 3].map(whole.proposals)
      #expect(try all(some) == two && some.header.images == 2)
      #expect(lines.lines.count == 1 && lines.lines[0].contains("line 4: image_id"))
      #expect(lines.lines[0].hasSuffix("(got 5); passed over, the only one"), "\(lines.lines)")
      #expect(try all(read(folder, ids: [2, 3], passingOver: results)) == two)
      #expect(results.lines.count == 1 && results.lines[0].contains("[0].image_id"))
      #expect(results.lines[0].hasSuffix("(got 5); passed over, the first of 2"))
      for ids in [[3], [9]] {
        #expect(throws: InputError.self) { try read(folder, ids: ids) }
      }
      let error = #expect(throws: InputError.self) { try ProposalsFile(given, imageIDs: [9]) }
      #expect(error?.what == "none of the proposals is of an image of the data set")
    }
  }

  @Test func resultsNeedNoCategory() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/results.json"
      let text =
        #"[{"image_id": 2.0, "bbox": [0, 0, 8, 100], "score": 1}, "#
        + #"{"image_id": 2, "category_id": null, "bbox": [0, 0, 8, 8], "score": 0.5}]"#
      try Files.write(Data(text.utf8), to: path)
      let found = try SortedResults(GivenProposals(path: path), imageIDs: [2])
      #expect(try found.proposals(of: 2).regions.scores == [1, 0.5])
    }
  }
}
