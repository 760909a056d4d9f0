internal import CXXHash
public import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Tells whether bytes are still what was written: XXH3 (xxHash 0.8), 128 bits, seed 0.
///
/// It runs at the speed of memory. It finds damage, not forgery: what names a content for others, as a
/// shard's hash does, is SHA-256.
public struct Checksum: Hashable, Sendable, CustomStringConvertible {
  private let (high, low): (UInt64, UInt64)

  public init(_ bytes: UnsafeRawBufferPointer) {
    // XXH3 takes a missing address for empty input.
    let hash = vild_xxh3(bytes.baseAddress, bytes.count)
    (high, low) = (hash.high64, hash.low64)
  }

  public init(_ bytes: some DataProtocol) {
    let hash = Stream()
    for region in bytes.regions { region.withUnsafeBytes(hash.update) }
    self = hash.checksum
  }

  /// As `xxhsum -H128` prints it: 32 lower-case hex digits, the high ones first.
  public var description: String {
    func hex(_ half: UInt64) -> String {
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
    return hex(high) + hex(low)
  }

  /// The first 16 of the hex digits as a number, for what has room for one.
  public var leading: UInt64 { high }

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
}

extension Checksum {
  /// The checksum of bytes that come in pieces.
  public final class Stream {
    private let state: OpaquePointer

    public init() {
      guard let state = XXH3_createState() else { preconditionFailure("no memory for a checksum") }
      self.state = state
      XXH3_128bits_reset(state)
    }

    deinit { XXH3_freeState(state) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
      _ = vild_xxh3_update(state, bytes.baseAddress, bytes.count)
    }

    /// Of all bytes so far; more may follow.
    public var checksum: Checksum {
      let hash = XXH3_128bits_digest(state)
      return Checksum(high: hash.high64, low: hash.low64)
    }
  }

  /// Of a file as it is on the disk, read in pieces of a megabyte.
  ///
  /// - Throws: `InputError` that names the file where it cannot be read.
  public init(file path: String) throws(InputError) {
    let file = try OpenFile(path, O_RDONLY)
    let hash = Stream()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    while true {
      let count = Glibc.read(file.descriptor, piece.baseAddress, piece.count)
      if count == 0 { break }
      if count > 0 {
        hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      } else if errno != EINTR {
        throw .system("cannot read", at: path)
      }
    }
    withExtendedLifetime(file) {}
    self = hash.checksum
  }
}
