import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

@Suite struct ProposalsFileTests {
  let header = ProposalsHeader(
    labelSet: ["dog", "a \"quoted\" name\n"], source: "network 3", nms: 0.9, top: 300, images: 2)
  let proposals = [
    Proposals(
      imageID: 7,
      regions: [
        Region(box: Box(x0: 0.1, y0: 2, x1: 1e3, y1: 3.3333333), score: 0.7),
        Region(box: Box(x0: 1, y0: 0, x1: 2, y1: 1e-5), score: 0.7),
      ]),
    Proposals(imageID: 3),
  ]

  func write(to path: String) throws {
    let writer = try ProposalsWriter(path: path, header: header)
    for image in proposals { try writer.append(image) }
    #expect(!Files.exists(path))
    try writer.finish()
  }

  @Test func readsBackTheSameNumbers() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      let reader = try ProposalsReader(path: path)
      #expect(reader.header == header)
      #expect(try reader.readAll() == proposals)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["p.jsonl"])
    }
  }

  @Test func aDroppedWriterLeavesTheOldFile() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      let before = try Files.read(path)
      do {
        let writer = try ProposalsWriter(path: path, header: header)
        try writer.append(proposals[0])
      }
      #expect(try Files.read(path) == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["p.jsonl"])
    }
  }

  /// In whatever bit: the line is named, and the others can still be read.
  @Test func everyFlipIsNoticed() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      let whole = try Files.read(path)
      let second = try #require(whole.firstIndex(of: 0x0A)) + 1
      for bit in 0..<whole.count * 8 {
        var damaged = whole
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        try damaged.write(to: URL(filePath: path))
        let error = #expect(throws: InputError.self, "bit \(bit)") {
          try ProposalsReader(path: path).readAll()
        }
        #expect(error?.place?.hasPrefix(path) == true)
        guard bit / 8 >= second, let (index, lines) = try? ProposalsIndex.sound(path: path)
        else { continue }
        let images = try index.images.map { try index.proposals(of: $0) }
        #expect(images.count < 2 && !lines.isEmpty)
        #expect(images.allSatisfy(proposals.contains), "bit \(bit)")
      }
    }
  }

  /// A file without checksums, as others write it, may have them in some lines.
  @Test func linesOfOthers() throws {
    let head =
      #"{"format":"vild-proposals","version":1,"label_set":[],"source":"s","nms":0.9,"top":2,"images":2}"#
    let lines = (0..<2).map { "{\"image_id\":\($0),\"boxes\":[],\"scores\":[]}" }
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try Files.write(
        Data("\(head)\n\(lines[0])\n\(SealedJSON.sealed(lines[1]))\n".utf8), to: path)
      #expect(try ProposalsReader(path: path).readAll().map(\.imageID) == [0, 1])
    }
  }

  @Test func everyCutIsNoticed() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      let whole = try Files.read(path)
      for length in 0..<whole.count {
        try Data(whole.prefix(length)).write(to: URL(filePath: path))
        #expect(throws: InputError.self) { try ProposalsReader(path: path).readAll() }
      }
    }
  }

  @Test(arguments: [
    (#"{"image_id":1,"boxes":[[0,0,1,1]],"scores":[]}"#, "one score per box"),
    (#"{"image_id":1,"boxes":[[0,0,1]],"scores":[1]}"#, "boxes[0]"),
    (#"{"image_id":1,"boxes":[[0,0,1,1],[5,0,1,1]],"scores":[1,1]}"#, "boxes[1]: an inverted box"),
    (#"{"image_id":1,"boxes":[[0,0,1,NaN]],"scores":[1]}"#, "boxes[0][3]"),
    (#"{"image_id":1,"boxes":[[0,0,1,1e300]],"scores":[1]}"#, "boxes[0]"),
    (#"{"image_id":1,"boxes":[[0,0,1,1]],"scores":[1.5]}"#, "scores[0]"),
    (#"{"image_id":1,"boxes":[[0,0,1,1],[0,0,1,1]],"scores":[0.1,0.2]}"#, "not sorted"),
    (
      #"{"image_id":1,"boxes":[[0,0,1,1],[0,0,1,1],[0,0,1,1]],"scores":[1,1,1]}"#, "top is 2"
    ),
    (#"{"image_id":0,"boxes":[],"scores":[]}"#, "given twice"),
    (#"{"image_id":1,"boxes":[]}"#, "'scores' is missing"),
    (#"{"image_id":1,"boxes":[],"scores":[],"extra":1}"#, "unknown key"),
    (#"{"image_id":1,"boxes":[],"scores":[]"#, "malformed"), ("", "malformed"),
  ])
  func namesTheLine(line: String, words: String) throws {
    let head =
      #"{"format":"vild-proposals","version":1,"label_set":[],"source":"s","nms":0.9,"top":2,"images":2}"#
    let first = #"{"image_id":0,"boxes":[],"scores":[]}"#
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try Files.write(Data("\(head)\n\(first)\n\(line)\n".utf8), to: path)
      let error = try #require(throws: InputError.self) {
        try ProposalsReader(path: path).readAll()
      }
      #expect(error.description.contains("line 3"), "\(error)")
      #expect(error.description.contains(words), "\(error)")
    }
  }

  @Test(arguments: [
    ("", "empty"), ("{}\n", "not a proposals file"), ("not json\n", "line 1"),
    (#"{"format":"vild-proposals","version":3}"# + "\n", "version"),
    (
      #"{"format":"vild-proposals","version":2,"label_set":[],"source":"s","nms":0.9,"top":2,"images":0}"#
        + "\n", "line 1: does not have the checksum it was written with"
    ),
    (
      #"{"format":"vild-proposals","version":1,"label_set":[],"source":"s","nms":0.9,"top":2,"images":1}"#
        + "\n", "expected 1 image, got 0"
    ),
  ])
  func badHeadersAndCounts(text: String, words: String) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try Files.write(Data(text.utf8), to: path)
      let error = try #require(throws: InputError.self) {
        try ProposalsReader(path: path).readAll()
      }
      #expect(error.description.contains(words), "\(error)")
    }
  }

  @Test func aNumberThatIsNotFiniteIsNotWritten() throws {
    try withTemporaryFolder { folder in
      let writer = try ProposalsWriter(path: "\(folder)/p.jsonl", header: header)
      let bad = Proposals(
        imageID: 1, regions: [Region(box: Box(x0: 0, y0: 0, x1: .nan, y1: 1), score: 0.5)])
      #expect(throws: InputError.self) { try writer.append(bad) }
    }
  }

  @Test func throughCOCOResultsAndBack() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/results.json"
      let written = [
        Proposals(
          imageID: 7,
          regions: [
            Region(box: Box(x0: 1, y0: 2, x1: 4, y1: 8), score: 0.75),
            Region(box: Box(x0: 0, y0: 0, x1: 1, y1: 1), score: 0.5),
          ]), Proposals(imageID: 3),
      ]
      let writer = try ProposalsWriter(path: "\(folder)/p.jsonl", header: header)
      for proposals in written { try writer.append(proposals) }
      try writer.finish()
      try ProposalsFile(GivenProposals(path: "\(folder)/p.jsonl")).writeCOCOResults(to: path)
      let results = try SortedResults(GivenProposals(path: path), imageIDs: [7, 3])
      #expect(try [7, 3].map(results.proposals) == written)
      let error = try #require(throws: InputError.self) {
        try SortedResults(GivenProposals(path: path), imageIDs: [3])
      }
      #expect(error.description.contains("[0].image_id"))
    }
  }
}

@Suite struct DetectionRecordTests {
  func dataset() throws -> COCODataset {
    try COCODataset(
      images: [.init(id: 5, fileName: "a.jpg", width: 10, height: 10)], annotations: [],
      categories: [.init(id: 2, name: "dog")], source: "test")
  }

  @Test func writesShortNumbersAndReadsThemBack() throws {
    let records = [
      DetectionRecord(imageID: 5, categoryID: 2, bbox: [0.1, 2, 1.0 / 3, 1e-7], score: 0.25),
      DetectionRecord(imageID: 5, categoryID: 2, bbox: [0, 0, 1, 1], score: -1),
    ]
    try withTemporaryFolder { folder in
      for some in [records, []] {
        let path = "\(folder)/d.json"
        let writer = try DetectionWriter(path: path)
        for record in some { try writer.append(record) }
        try writer.finish()
        #expect(try DetectionResults(path: path, of: dataset()).records == some)
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        #expect(some.isEmpty || text.contains("\"bbox\":[0.1,2.0,0.3333333333333333,1e-07]"))
        #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [Any])
      }
    }
  }

  @Test func aDetectionMayBeAMaskAlone() throws {
    // Columns 1 and 2 of ten, rows 0 and 1 of ten.
    let text = """
      [{"image_id": 5, "category_id": 2, "score": 0.5,
        "segmentation": {"size": [10, 10], "counts": [10, 2, 8, 2, 78]}},
       {"image_id": 5, "category_id": 2, "score": 0.5, "bbox": [0, 0, 3, 4],
        "segmentation": {"size": [10, 10], "counts": [10, 2, 8, 2, 78]}}]
      """
    try withTemporaryFolder { folder in
      let path = "\(folder)/d.json"
      try Files.write(Data(text.utf8), to: path)
      let dataset = try dataset()
      let results = try DetectionResults(path: path, of: dataset)
      #expect(results.records.map(\.bbox) == [[1, 0, 2, 2], [0, 0, 3, 4]])
      #expect(results.records.map(\.area) == [4, 12])
      #expect(try results.mask(at: 1, in: dataset.images[0])?.runs == [10, 2, 8, 2, 78])
    }
  }

  @Test(arguments: [
    (
      #"[{"image_id":5,"category_id":2,"bbox":[0,0,1,1],"score":1,"segmentation":{"size":[10,9]}}]"#,
      "[0].segmentation.size"
    ),
    (#"[{"image_id":5,"category_id":2,"score":1}]"#, "'bbox' is missing"),
    (#"[{"image_id":6,"category_id":2,"bbox":[0,0,1,1],"score":1}]"#, "[0].image_id"),
    (#"[{"image_id":5,"bbox":[0,0,1,1],"score":1}]"#, "'category_id' is missing"),
    (#"[{"image_id":5,"category_id":2,"bbox":[0,0,1],"score":1}]"#, "[0].bbox"),
    (#"[{"image_id":5,"category_id":2,"bbox":[0,0,-1,1],"score":1}]"#, "negative"),
    (#"[{"image_id":5,"category_id":2,"bbox":[0,0,1,1],"score":NaN}]"#, "[0].score"),
    (#"[{"image_id":5,"category_id":2,"bbox":[0,0,1,1]}]"#, "'score' is missing"),
    (#"{"image_id":5}"#, "an array"),
  ])
  func namesTheRecord(text: String, words: String) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/d.json"
      try Files.write(Data(text.utf8), to: path)
      let error = try #require(throws: InputError.self) {
        try DetectionResults(path: path, of: dataset())
      }
      #expect(error.description.contains(words), "\(error)")
    }
  }
}

extension ProposalsFileTests {
  /// Image by image, in any order, also where another file has taken the place of the one that was
  /// opened.
  @Test func anIndexReadsAnyImage() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      var visited: [Proposals] = []
      let index = try ProposalsIndex(path: path) { visited.append($0) }
      #expect(index.header == header && visited == proposals)
      #expect(index.images.map(\.imageID) == [7, 3] && index.images.map(\.count) == [2, 0])
      try Files.write(Data("another file\n".utf8), to: path)
      for (entry, expected) in zip(index.images, proposals).reversed() {
        #expect(try index.proposals(of: entry) == expected)
      }
    }
  }

  /// A line that changed after it was looked at is named.
  @Test func anIndexComparesWhatItReads() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/p.jsonl"
      try write(to: path)
      let index = try ProposalsIndex(path: path) { _ in }
      let content = try Files.read(path)
      let score = try #require(content.range(of: Data("\"scores\":[0.7".utf8)))
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      try file.seek(toOffset: UInt64(score.upperBound - 1))
      try file.write(contentsOf: Data("6".utf8))
      try file.close()
      let error = #expect(throws: InputError.self) { try index.proposals(of: index.images[0]) }
      #expect(error?.place?.hasPrefix("\(path) line 2") == true)
      #expect(try index.proposals(of: index.images[1]) == proposals[1])
    }
  }
}
