internal import Support

/// The frame of a zip archive whose members are stored as they are and whose sizes are known before
/// they are written (PKWARE's APPNOTE 6.3.9; zip64 where 32 bits are too few).
struct ZipArchive {
  struct Member {
    var name: String
    /// Bytes of the content.
    var size: Int
    /// Where the local header stands.
    var offset: Int
    /// Where the content starts.
    var start: Int
    var checksum: UInt32 = 0
  }

  private(set) var members: [Member] = []
  /// Where the directory goes: after the last member.
  private(set) var end = 0
  /// From this number on zip64 is needed.
  let large: Int

  /// - Parameter large: below 2^32 - 1 only to try zip64 on small archives.
  init(large: Int = 0xFFFF_FFFF) { self.large = large }

  /// Places a member after the others.
  mutating func add(_ name: String, size: Int) {
    let header = 30 + name.utf8.count + (size >= large ? 20 : 0)
    members.append(Member(name: name, size: size, offset: end, start: end + header))
    end += header + size
  }

  mutating func set(checksum: UInt32, of member: Int) { members[member].checksum = checksum }

  /// What stands before the content of a member.
  func header(of member: Int) -> [UInt8] {
    let member = members[member]
    let isLarge = member.size >= large
    let extra = isLarge ? Bytes.of([UInt16(1), 16]) + words64([member.size, member.size]) : []
    return Bytes.of([UInt32(0x0403_4B50)]) + common(member, isLarge: isLarge, extra: extra.count)
      + Array(member.name.utf8) + extra
  }

  /// What stands after the last member.
  var directory: [UInt8] {
    var bytes: [UInt8] = []
    for member in members {
      let isLarge = member.size >= large || member.offset >= large
      let extra =
        isLarge
        ? Bytes.of([UInt16(1), 24]) + words64([member.size, member.size, member.offset]) : []
      bytes += Bytes.of([UInt32(0x0201_4B50)]) + Bytes.of([UInt16(45)])
      bytes += common(member, isLarge: isLarge, extra: extra.count)
      bytes += Bytes.of([UInt16(0), 0, 0]) + Bytes.of([UInt32(0)])
      bytes += Bytes.of([isLarge ? .max : UInt32(member.offset)])
      bytes += Array(member.name.utf8) + extra
    }
    let size = bytes.count
    let count = UInt16(members.count)
    let isLarge = end >= large
    if isLarge {
      // The zip64 end of the directory, and where it stands.
      bytes += Bytes.of([UInt32(0x0606_4B50)]) + words64([44]) + Bytes.of([UInt16(45), 45])
      bytes += Bytes.of([UInt32(0), 0]) + words64([members.count, members.count, size, end])
      bytes += Bytes.of([UInt32(0x0706_4B50), 0]) + words64([end + size]) + Bytes.of([UInt32(1)])
    }
    bytes += Bytes.of([UInt32(0x0605_4B50)]) + Bytes.of([UInt16(0), 0, count, count])
    bytes += Bytes.of([UInt32(size), isLarge ? .max : UInt32(end)]) + Bytes.of([UInt16(0)])
    return bytes
  }

  /// The fields that local and central headers share: version, flags, method "stored", the first
  /// day of 1980, checksum, sizes and lengths.
  private func common(_ member: Member, isLarge: Bool, extra: Int) -> [UInt8] {
    let size = isLarge ? UInt32.max : UInt32(member.size)
    return Bytes.of([UInt16(45), 0, 0, 0, 0x21]) + Bytes.of([member.checksum, size, size])
      + Bytes.of([UInt16(member.name.utf8.count), UInt16(extra)])
  }

  private func words64(_ words: [Int]) -> [UInt8] { Bytes.of(words.map { UInt64($0) }) }
}
