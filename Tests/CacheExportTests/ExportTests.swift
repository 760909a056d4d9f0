import Cache
import CacheExport
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Exports as an independent reader finds them, one that needs nothing but Python's own library.
@Suite struct ExportTests {
  /// What `Goldens/read_export.py` makes of an image.
  struct Image: Codable, Equatable {
    var id: Int
    var width: Int
    var height: Int
    var status: String
    var error: String?
    var boxes: [Float]
    var scores: [Float]
    var vectors: [Float]

    init(_ record: CacheRecord, hasError: Bool) {
      id = record.imageID
      width = record.width
      height = record.height
      status = record.status.rawValue
      error = hasError ? record.error : nil
      boxes = record.regions.regions.boxes.flatMap { [$0.x0, $0.y0, $0.x1, $0.y1] }
      scores = record.regions.regions.scores
      vectors = record.regions.vectors
    }
  }

  private let records = sampleRecords(60)
  private var place: (String) -> CacheFolder {
    { CacheFolder(root: $0, recipe: sampleRecipe()) }
  }

  /// Writes all files; their names.
  @discardableResult
  private func finish(_ export: CacheExporter) throws -> [CacheExporter.File] {
    var files: [CacheExporter.File] = []
    while let file = try export.writeNextFile() { files.append(file) }
    return files
  }

  private func read(_ folder: String, _ format: ExportFormat) throws -> [Image]? {
    let script = fixture("Goldens/read_export.py")
    guard let result = try run("python3", [script, format.rawValue, folder]) else { return nil }
    try #require(result.code == 0, "\(result.output)")
    return try JSONDecoder().decode([Image].self, from: Data(result.output.utf8))
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test(arguments: ExportFormat.allCases) func readsBackWithoutVild(format: ExportFormat) throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let output = "\(root)/out"
      let export = try CacheExporter(
        of: place("\(root)/cache"), as: format, to: output, fileBytes: 3000)
      let files = try finish(export)
      #expect(files.count > 3)
      #expect(files.map(\.images).reduce(0, +) == 60)
      let hasError = format == .webdataset || format == .mds
      if let images = try read(output, format) {
        #expect(images == records.map { Image($0, hasError: hasError) })
      }
      let extra = (format == .mds ? ["index.json"] : []) + ["export.json"]
      #expect(try names(output) == (files.map(\.name) + extra).sorted())
      for file in files { #expect(try Fingerprint.file("\(output)/\(file.name)") == file.sha256) }
    }
  }

  @Test func someImagesInTheOrderWanted() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 7)
      let wanted = [records[40], records[3], records[4], records[59]]
      let export = try CacheExporter(
        of: place("\(root)/cache"), imageIDs: wanted.map(\.imageID), as: .mds, to: "\(root)/out")
      try finish(export)
      if let images = try read("\(root)/out", .mds) {
        #expect(images == wanted.map { Image($0, hasError: true) })
      }
      let strange = try CacheExporter(
        of: place("\(root)/cache"), imageIDs: [11], as: .npz, to: "\(root)/strange")
      let error = #expect(throws: InputError.self) { try strange.writeNextFile() }
      #expect(error?.kind == .missingInput)
      #expect(try names("\(root)/strange") == ["unfinished.json"])
    }
  }

  @Test func bigArchivesAreZip64() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let export = try CacheExporter(
        of: place("\(root)/cache"), imageIDs: nil, as: .npz, to: "\(root)/out",
        fileBytes: 1 << 20, compressed: false, zip64From: 1000)
      try finish(export)
      if let images = try read("\(root)/out", .npz) {
        #expect(images == records.map { Image($0, hasError: false) })
      }
    }
  }

  @Test func compressedShardsAreZstdFrames() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let export = try CacheExporter(
        of: place("\(root)/cache"), as: .mds, to: "\(root)/out", fileBytes: 5000, compressed: true)
      let files = try finish(export)
      let paths = files.map { "\(root)/out/\($0.name)" }
      #expect(paths.allSatisfy { $0.hasSuffix(".mds.zstd") })
      if let result = try run("zstd", ["-dq", "--rm"] + paths.flatMap { ["-S", ".zstd", $0] }),
        result.code == 0, let images = try read("\(root)/out", .mds)
      {
        #expect(images == records.map { Image($0, hasError: true) })
      }
      #expect(throws: InputError.self) {
        try CacheExporter(of: place("\(root)/cache"), as: .npz, to: "\(root)/x", compressed: true)
      }
    }
  }

  @Test func aBrokenOffExportContinues() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let output = "\(root)/out"
      func begin(_ bytes: Int = 5000) throws -> CacheExporter {
        try CacheExporter(of: place("\(root)/cache"), as: .npz, to: output, fileBytes: bytes)
      }
      let first = try begin()
      let written = try (0..<2).map { _ in try #require(try first.writeNextFile()) }
      try Data([1]).write(to: URL(filePath: "\(output)/000002.npz.7.part"))
      // Another export does not continue it.
      #expect(throws: InputError.self) { try begin(6000) }
      let files = try finish(try begin())
      #expect(files.map(\.wasThere) == [true, true] + files.dropFirst(2).map { _ in false })
      #expect(files.prefix(2).map(\.sha256) == written.map(\.sha256))
      #expect(try names(output) == files.map(\.name) + ["export.json"])
      // Done is done.
      #expect(try finish(try begin()).allSatisfy(\.wasThere))
      #expect(throws: InputError.self) { try begin(6000) }
    }
  }

  @Test func aFolderWithSomethingElseIsRefused() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let output = "\(root)/out"
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      try Data([1]).write(to: URL(filePath: "\(output)/mine.part"))
      let error = #expect(throws: InputError.self) {
        try CacheExporter(of: place("\(root)/cache"), as: .npz, to: output)
      }
      #expect(error?.kind == .cannotCreate)
      #expect(error?.description.contains("not empty") == true)
      #expect(try names(output) == ["mine.part"])
    }
  }

  @Test func aDamagedShardIsNamedAndNothingAppears() throws {
    try withTemporaryFolder { root in
      try fill("\(root)/cache", records, unitSize: 25)
      let shard = place("\(root)/cache").shard(1)
      var bytes = try Files.read(shard)
      bytes[bytes.count / 3] ^= 1
      try bytes.write(to: URL(filePath: shard))
      let export = try CacheExporter(
        of: place("\(root)/cache"), as: .webdataset, to: "\(root)/out", fileBytes: 20_000)
      let error = #expect(throws: InputError.self) { try finish(export) }
      #expect(error?.description.contains("000001.zst") == true)
      #expect(error?.description.contains("block") == true)
      #expect(try names("\(root)/out").allSatisfy { !$0.hasSuffix(".part") })
      #expect(!Files.exists("\(root)/out/export.json"))
    }
  }
}
