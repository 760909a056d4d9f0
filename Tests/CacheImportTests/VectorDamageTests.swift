import Cache
import CacheExport
import CacheImport
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Files of vectors that disks, networks or other programs have damaged.
@Suite struct VectorDamageTests {
  private let records = sampleRecords(12)

  /// Whatever bit flips: the file is refused, or what it says is the same.
  @Test(arguments: columnFormats) func flippedBits(format: ExportFormat) throws {
    try withTemporaryFolder { root in
      let path = try export(records, as: format, to: "\(root)/out", in: root)[0]
      let whole = try Files.read(path)
      var generator = SeededGenerator(seed: 3)
      var refused = 0
      for _ in 0..<600 {
        let bit = Int.random(in: 0..<whole.count * 8, using: &generator)
        var bytes = whole
        bytes[bytes.startIndex + bit / 8] ^= 1 << UInt8(bit % 8)
        try bytes.write(to: URL(filePath: path))
        do {
          let files = try open([path], records)
          try expect(files, holdThoseOf: records.filter { !$0.status.isFailure })
        } catch let error as InputError {
          #expect(error.kind == .badData && error.place == path, "bit \(bit): \(error)")
          refused += 1
        }
      }
      // But for the padding and the dates of an archive's entries.
      #expect(refused > 480, "\(refused)")
    }
  }

  @Test(arguments: columnFormats) func cutShort(format: ExportFormat) throws {
    try withTemporaryFolder { root in
      let path = try export(records, as: format, to: "\(root)/out", in: root)[0]
      let whole = try Files.read(path)
      for length in stride(from: 0, to: whole.count, by: 97) {
        try whole.prefix(length).write(to: URL(filePath: path))
        let error = #expect(throws: InputError.self) { try open([path], records) }
        #expect(error?.kind == .badData && error?.place == path)
      }
    }
  }

  @Test func aFileThatChangesMeanwhile() throws {
    try withTemporaryFolder { root in
      let path = "\(root)/a.safetensors"
      var file = HandmadeFile([records[7]])
      try file.write(to: path)
      let files = try open([path], records)
      file.columns["vectors"]?.bytes = Bytes.of(records[7].regions.vectors.reversed())
      try file.write(to: path)
      let error = #expect(throws: InputError.self) { try files.vectors(of: 31) }
      #expect(error?.kind == .tryAgain)
    }
  }
}
