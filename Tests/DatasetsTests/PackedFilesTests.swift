import Datasets
import Dispatch
import Foundation
import Regions
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Files that are not simply there as text: packed by gzip, behind a pipe, in another encoding.
@Suite struct PackedFilesTests {
  /// An image with one object, an outline among it, packed by gzip.
  static let packed = Data(
    base64Encoded: """
      H4sIAAAAAAACA1WP0Q6CMAxF3/0K0mdiBHzyV8xCitStxm0Glqgh+3dbQKIv2+697ek6AXu0NMKpOE/AvdxVWcCV\
      79QG9CQacH97WBD3yX1y4hzl7YitSyKabERiCDFh4hh+UY0kM7/dyBdMZOPwXpxaWwfCFdp18aXtUngoNayVPZL1\
      FBa6pmvcfE+pq7TUzD9ZB/DfTjpnWweyybsPcsUqEPkAAAA=
      """)!

  private func check(_ dataset: COCODataset) throws {
    #expect(dataset.annotations.map(\.bbox) == [[1, 0, 2, 2]])
    #expect(try dataset.mask(of: dataset.annotations[0])?.runs == [3, 2, 1, 2, 4])
  }

  @Test(arguments: [1, 2]) func gzipIsUnpacked(members: Int) throws {
    try withTemporaryFolder { folder in
      // Spaces after the text are a member of their own, and zeros pad the last.
      let blank = Data(base64Encoded: "H4sIAAAAAAACA1NQAAIArTV2MQUAAAA=")!
      let path = "\(folder)/set.json"
      try Files.write(Self.packed + (members == 2 ? blank : Data(count: 100)), to: path)
      try check(COCODataset(path: path))
      #expect(try COCODataset.categories(path: path).map(\.name) == ["a"])
    }
  }

  @Test func damagedGzipIsAnError() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/set.json"
      for length in 2..<Self.packed.count {
        try Self.packed.prefix(length).write(to: URL(filePath: path))
        let error = #expect(throws: InputError.self) { try COCODataset(path: path) }
        #expect(error?.description == "\(path): the gzip file is cut short")
      }
      for place in 10..<Self.packed.count {
        var damaged = Self.packed
        damaged[place] ^= 0x10
        try damaged.write(to: URL(filePath: path))
        let error = #expect(throws: InputError.self) { try COCODataset(path: path) }
        #expect(error?.kind == .badData && error?.place == path)
      }
    }
  }

  /// Its size is not known before its end, and it cannot be read twice.
  @Test(arguments: [false, true]) func aPipeIsReadToItsEnd(isPacked: Bool) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/pipe"
      // More than a pipe holds.
      let padding = Data(String(repeating: " ", count: 300_000).utf8)
      let content = isPacked ? Self.packed : padding + Data(Self.text.utf8)
      try withPipe(path, content) { try check(COCODataset(path: path)) }
      try withPipe(path, content) {
        let read = try Files.read(path)
        #expect(read == content)
      }
    }
  }

  @Test func listsAndProposalsComeFromPipes() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/pipe"
      try withPipe(path, Data("cat\ndog|hound\n".utf8)) {
        let names = try Vocabulary(path: path).names
        #expect(names == ["cat", "dog"])
      }
      try withPipe(path, Data(#"{"base": ["cat"], "novel": []}"#.utf8)) {
        let split = try CategorySplit(path: path, of: ["cat"])
        #expect(split.base == ["cat"])
      }
      try withPipe(path, Data(#"[{"image_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]"#.utf8)) {
        let given = try GivenProposals(path: path)
        #expect(given.isCOCOResults)
        #expect(try SortedResults(given, imageIDs: [1]).proposals(of: 1).regions.scores == [1])
      }
      let head =
        #"{"format":"vild-proposals","version":1,"label_set":[],"source":"s","nms":0.9,"top":2,"images":1}"#
      let line = #"{"image_id":0,"boxes":[],"scores":[]}"#
      try withPipe(path, Data("\(head)\n\(line)\n".utf8)) {
        let given = try GivenProposals(path: path)
        #expect(!given.isCOCOResults)
        #expect(try ProposalsFile(given).imageIDs.count == 1)
      }
    }
  }

  @Test(
    arguments: [
      (String.Encoding.utf16LittleEndian, [0xFF, 0xFE], "UTF-16"),
      (.utf16BigEndian, [0xFE, 0xFF], "UTF-16"), (.utf16LittleEndian, [], "UTF-16"),
      (.utf16BigEndian, [], "UTF-16"), (.utf32LittleEndian, [0xFF, 0xFE, 0, 0], "UTF-32"),
    ] as [(String.Encoding, [UInt8], String)])
  func otherEncodingsAreNamed(encoding: String.Encoding, mark: [UInt8], name: String) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/set.json"
      let text = try #require(Self.text.data(using: encoding))
      try Files.write(Data(mark) + text, to: path)
      for read in [
        { _ = try COCODataset(path: path) }, { _ = try Vocabulary(path: path) },
        { _ = try ProposalsReader(path: path) },
      ] as [() throws -> Void] {
        let error = #expect(throws: InputError.self) { try read() }
        #expect(error?.got?.contains(name) == true, "\(String(describing: error))")
      }
    }
  }

  /// What a file holds must not command the terminal that its error is shown on.
  @Test func errorsHoldNoControlCharacters() throws {
    for text in ["\u{1B}[2J{", "{\"images\": \u{1B}[31m", "{\"a\u{7}\": 1}", "[\u{202E}]"] {
      let error = try #require(throws: InputError.self) {
        try COCODataset(json: Array(text.utf8), source: "a\u{1B}.json")
      }
      let controls = error.description.unicodeScalars.filter {
        $0.properties.generalCategory == .control || $0.value == 0x202E
      }
      #expect(controls.isEmpty && error.description.contains("a\\u{1B}.json"))
    }
  }

  private static let text = """
    {"images": [{"id": 1, "file_name": "a.jpg", "width": 4, "height": 3}],
     "annotations": [{"id": 3, "image_id": 1, "category_id": 2, "area": 4, "bbox": [1, 0, 2, 2],
       "segmentation": [[1, 0, 3, 0, 3, 2, 1, 2]]}],
     "categories": [{"id": 2, "name": "a"}]}
    """

  /// Calls `body` while another thread writes `content` into a pipe at `path`.
  private func withPipe(_ path: String, _ content: Data, _ body: () throws -> Void) throws {
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let written = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      let descriptor = open(path, O_WRONLY)
      try? Files.writeAll(content, to: descriptor, path: path)
      close(descriptor)
      written.signal()
    }
    try body()
    written.wait()
  }
}
