import Cache
import CacheExport
import CacheImport
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Files of vectors that come from elsewhere: used as they are, or refused.
@Suite struct VectorFilesTests {
  private let records = sampleRecords(20)
  private var usable: [CacheRecord] { records.filter { !$0.status.isFailure } }

  @Test(arguments: columnFormats) func anExportIsReadAsItIs(format: ExportFormat) throws {
    try withTemporaryFolder { root in
      let paths = try export(records, as: format, to: "\(root)/out", in: root, fileBytes: 1000)
      #expect(paths.count > 2)
      for given in [paths, ["\(root)/out"], paths.reversed()] {
        let files = try open(given, records)
        try expect(files, holdThoseOf: usable)
        #expect(files.failed == [records[3].imageID] && files.changed.isEmpty)
        #expect(files.doubles == 0 && files.paths.count == paths.count)
      }
    }
  }

  @Test func floatsAreDividedByTheirLengths() throws {
    try withTemporaryFolder { root in
      let path = "\(root)/a.safetensors"
      var file = HandmadeFile(usable)
      try file.write(to: path)
      try expect(open([path], records), holdThoseOf: usable)
      // A little longer than 1, as sums in float16 are.
      let longer = usable.flatMap(\.regions.vectors).map { $0 * 1.0005 }
      file.columns["vectors"]?.bytes = Bytes.of(longer)
      try file.write(to: path)
      let files = try open([path], records)
      let record = try #require(usable.last)
      let (found, wanted) = (try files.vectors(of: record.imageID), record.regions.vectors)
      #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-7 })
    }
  }

  @Test func theSameTwiceIsFineAndOthersAreNot() throws {
    try withTemporaryFolder { root in
      let paths = [
        try export(records, as: .npz, to: "\(root)/all", in: root)[0],
        try export(Array(records[4..<9]), as: .safetensors, to: "\(root)/some", in: root)[0],
      ]
      let files = try open(paths, records)
      #expect(files.doubles == 5)
      try expect(files, holdThoseOf: usable)

      var other = HandmadeFile([records[7]])
      other.columns["vectors"]?.bytes = Bytes.of(records[7].regions.vectors.reversed())
      try other.write(to: "\(root)/other.safetensors")
      let error = #expect(throws: InputError.self) {
        try open([paths[0], "\(root)/other.safetensors"], records)
      }
      #expect(
        error?.description.hasPrefix(
          "\(root)/other.safetensors: image 31 has other vectors here than in another file "
            + "(expected those of \(paths[0]))") == true, "\(String(describing: error))")
    }
  }

  /// What has changed since the list was made: refused by the name of the image, or left out.
  @Test func changedImages() throws {
    try withTemporaryFolder { root in
      let paths = try export(records, as: .npz, to: "\(root)/out", in: root)
      var moved = records
      var regions = moved[8].regions.regions
      regions[1].score = 0.25
      moved[8].regions = EmbeddedRegions(regions, vectors: moved[8].regions.vectors)
      var fewer = records
      fewer[9].regions = fewer[9].regions.choosing([0])
      var unknown = records
      unknown.remove(at: 12)
      for (wanted, image, what) in [
        (moved, 34, "region 1 of image 34 is not the proposal that is due (expected "),
        (
          fewer, 37,
          "image 37 has another number of regions than proposals (expected 1, got 4)"
        ),
        (unknown, 46, "image 46 is none of those that this pipeline embeds"),
      ] {
        let error = #expect(throws: InputError.self) { try open(paths, wanted) }
        #expect(
          error?.description.hasPrefix("\(paths[0]): \(what)") == true,
          "\(String(describing: error))")
        #expect(error?.kind == .badData && error?.hint?.contains("--skip-changed") == true)
        let files = try open(paths, wanted, skipping: true)
        #expect(files.changed.map(\.image) == [image])
        try expect(files, holdThoseOf: usable.filter { $0.imageID != image })
      }
      var another = records[8]
      another.content = content(of: 99)
      try HandmadeFile([another]).write(to: "\(root)/another.safetensors")
      let error = #expect(throws: InputError.self) {
        try open(["\(root)/another.safetensors"], records)
      }
      #expect(error?.what == "the file of image 34 is not the one that was embedded")
      #expect(error?.expected == content(of: 34) && error?.got == content(of: 99))
    }
  }

  /// Each kind of file that cannot be used, and the beginning of what is said of it.
  private static let bad: [(what: String, change: @Sendable (inout HandmadeFile) -> Void)] = [
    ("no column 'vectors' (expected", { $0.columns["vectors"] = nil }),
    ("no column 'contents' (expected", { $0.columns["contents"] = nil }),
    (
      "the vectors were made by another recipe (expected recipe \(sampleRecipe().hash), got recipe \(sampleRecipe(["bird"]).hash))",
      { $0.columns["recipe"]?.bytes = HandmadeFile.bytes(sampleRecipe(["bird"]).hash) }
    ),
    (
      "the vectors have another width (expected 16, got 8)",
      {
        $0.columns["vectors"]?.shape = [10, 8]
        $0.columns["vectors"]?.bytes.removeLast(320)
      }
    ),
    (
      "the column 'vectors' has another type or shape (expected F16 or F32 [10, any], got F32 [5, 32])",
      { $0.columns["vectors"]?.shape = [5, 32] }
    ),
    (
      "the column 'ids' has another type or shape (expected I64 [any], got F32 [8])",
      {
        $0.columns["ids"]?.type = "F32"
        $0.columns["ids"]?.shape = [8]
      }
    ),
    (
      "the column 'boxes' has another type or shape (expected F32 [any, 4], got F32 [20, 2])",
      { $0.columns["boxes"]?.shape = [20, 2] }
    ),
    (
      "the column 'offsets' does not ascend from 0 to the number of regions (expected 0, ..., 10)",
      { $0.columns["offsets"]?.bytes = Bytes.of([0, 7, 3, 6, 10].map { Int64($0) }) }
    ),
    (
      "the vector of region 1 of image 16 is no unit vector (expected length 1, to 0.001, got nan)",
      { $0.columns["vectors"]?.bytes.replaceSubrange(128..<132, with: Bytes.of([Float.nan])) }
    ),
    (
      "the vector of region 0 of image 13 is no unit vector (expected length 1, to 0.001, got 0.0)",
      {
        $0.columns["vectors"]?.bytes.replaceSubrange(0..<64, with: [UInt8](repeating: 0, count: 64))
      }
    ),
    (
      "the columns do not have the checksum they were written with (expected zeros, got ",
      { $0.columns["sha256"] = ("U8", [32], [UInt8](repeating: 0, count: 32)) }
    ),
  ]

  @Test(arguments: bad.indices) func refused(index: Int) throws {
    try withTemporaryFolder { root in
      let path = "\(root)/a.safetensors"
      // Of 1, 2, 3 and 4 regions.
      var file = HandmadeFile([1, 2, 8, 4].map { records[$0] })
      Self.bad[index].change(&file)
      try file.write(to: path)
      let error = #expect(throws: InputError.self) { try open([path], records) }
      #expect(
        error?.description.hasPrefix("\(path): \(Self.bad[index].what)") == true,
        "\(String(describing: error))")
      #expect(error?.kind == .badData)
    }
  }

  @Test func noFiles() throws {
    try withTemporaryFolder { root in
      func refusal(_ paths: String...) -> InputError? {
        #expect(throws: InputError.self) { try open(paths, records) }
      }
      #expect(refusal(root)?.what == "no vectors in the folder")
      #expect(refusal(root)?.kind == .missingInput)
      #expect(refusal("\(root)/none.npz")?.kind == .missingInput)
      try Files.write(Data("text".utf8), to: "\(root)/a.npz")
      #expect(refusal("\(root)/a.npz")?.what == "not a NumPy archive")
      try Files.write(Data("text".utf8), to: "\(root)/a.safetensors")
      #expect(refusal("\(root)/a.safetensors")?.kind == .badData)
      #expect(refusal("\(root)/a.txt")?.what == "not a file of vectors")
    }
  }
}
