import Datasets
import Foundation
import Support

#if canImport(Glibc)
  import Glibc
#endif

/// The images in tar files, by their names there: WebDataset's keys with their endings. Nothing of them
/// is held but names and places.
public struct TarMembers: Sendable {
  /// Sorted by their bytes, each once; at least one.
  public let names: [String]
  /// In the order of `names`.
  private let places: [Place]
  private let tars: [String]

  private struct Place {
    var tar: Int32
    var offset, length: Int
  }

  /// - Throws: `InputError` for a tar that cannot be read, a name that is there twice, and no image.
  init(of tars: [String]) throws(InputError) {
    var found: [(name: String, place: Place)] = []
    for (index, tar) in tars.enumerated() {
      var reader = try TarReader(tar)
      while let member = try reader.next() {
        var name = member.name
        while name.utf8.starts(with: "./".utf8) { name.removeFirst(2) }
        guard Corpus.isCandidate(name) else { continue }
        guard
          !name.utf8.split(separator: UInt8(ascii: "/")).contains(where: {
            $0.elementsEqual("..".utf8)
          })
        else {
          throw InputError(.badData, "a member outside its tar", at: tar, got: "'\(name)'")
        }
        found.append(
          (name, Place(tar: Int32(index), offset: member.offset, length: member.length)))
      }
    }
    guard !found.isEmpty else {
      throw InputError(
        .missingInput, "no images", at: tars[0],
        expected: "members that end in \(Corpus.extensions.sorted().joined(separator: ", "))")
    }
    found.sort { precedes($0.name, $1.name) }
    if let index = found.indices.dropFirst().first(where: {
      found[$0].name.utf8.elementsEqual(found[$0 - 1].name.utf8)
    }) {
      let (first, second) = (found[index - 1].place.tar, found[index].place.tar)
      throw InputError(
        .badData, "two members have one name", at: tars[Int(max(first, second))],
        expected: "keys that are all different",
        got: "'\(found[index].name)', also in \(tars[Int(min(first, second))])")
    }
    names = found.map(\.name)
    places = found.map(\.place)
    self.tars = tars
  }

  private func place(_ name: String) -> Place? {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if precedes(names[middle], name) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < names.count && names[low].utf8.elementsEqual(name.utf8) ? places[low] : nil
  }

  func place(of name: String) -> String {
    place(name).map { "\(tars[Int($0.tar)]): \(name)" } ?? name
  }

  func stamp(of name: String) -> FileStamp? {
    guard let place = place(name), let tar = FileStamp(tars[Int(place.tar)]) else { return nil }
    return FileStamp(size: place.length, modified: tar.modified)
  }

  func read(_ name: String) throws(InputError) -> Data {
    guard let place = place(name) else {
      throw InputError(.missingInput, "no tar has this member", at: name)
    }
    let tar = tars[Int(place.tar)]
    let file = try OpenFile(tar, O_RDONLY)
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else { throw .system("cannot read", at: tar) }
    guard place.offset + place.length <= Int(status.st_size) else {
      throw InputError(
        .badData, "the tar is cut off within it", at: self.place(of: name),
        expected: place.length.counted("byte"),
        got: "\(max(0, Int(status.st_size) - place.offset))")
    }
    let bytes = try Files.bytes(
      file.descriptor, at: place.offset, count: place.length, path: self.place(of: name))
    guard bytes.count == place.length else {
      throw .system("cannot read", at: self.place(of: name), code: EIO)
    }
    return Data(bytes)
  }
}
