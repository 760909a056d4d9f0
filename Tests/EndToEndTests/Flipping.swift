import Foundation
import Support
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Changes a bit of the file at `path`, which then looks from outside as before.
func flip(bit: Int, in path: String) throws {
  var status = stat()
  #expect(stat(path, &status) == 0)
  var bytes = try Files.read(path)
  bytes[bytes.startIndex + bit / 8] ^= 1 << UInt8(bit % 8)
  // In place, as a disk does it.
  let file = try #require(FileHandle(forUpdatingAtPath: path))
  try file.write(contentsOf: bytes)
  try file.close()
  #expect(utimensat(AT_FDCWD, path, [status.st_atim, status.st_mtim], 0) == 0)
}

/// Changes the first bit of the first `text` in the file at `path`; its time stays.
func flip(_ text: String, in path: String) throws {
  let bytes = try Files.read(path)
  let range = try #require(bytes.range(of: Data(text.utf8)), "\(path) has no \(text)")
  try flip(bit: (range.lowerBound - bytes.startIndex) * 8, in: path)
}
