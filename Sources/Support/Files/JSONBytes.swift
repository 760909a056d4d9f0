/// A JSON text in the making: the bytes of `JSONText`'s values, one after the other, without a string for
/// each. For lines with thousands of numbers.
package struct JSONBytes {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package init(_ value: JSONText) { add(value) }

  /// Brackets, commas and names.
  package mutating func add(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func add(_ value: JSONText) { add(value.description) }

  /// The shortest digits that read back the same; null of a number that is not finite.
  package mutating func add(_ value: Float) {
    value.isFinite ? add(value.description) : add("null")
  }

  /// The shortest digits that read back the same; null of a number that is not finite.
  package mutating func add(_ value: Double) {
    value.isFinite ? add(value.description) : add("null")
  }

  package mutating func add(_ value: Int) { add(value.description) }

  /// Makes room for so many bytes more.
  package mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

  /// Adds a part of what is there once more.
  package mutating func `repeat`(_ part: Range<Int>) {
    // A slice would keep the bytes from growing where they are.
    let end = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: part.count))
    bytes.withUnsafeMutableBytes { all in
      all[end...].copyBytes(from: UnsafeRawBufferPointer(rebasing: all[part]))
    }
  }

  /// Takes the last byte away.
  package mutating func removeLast() { bytes.removeLast() }

  private mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
  }

  /// The object with its checksum as the last member, and a line end.
  ///
  /// - Precondition: it is an object and has a member.
  package mutating func seal() {
    precondition(bytes.count > 2 && bytes.last == UInt8(ascii: "}"), "no object")
    bytes.removeLast()
    let checksum = Checksum(bytes)
    add(",\"xxh3\":\"")
    add("\(checksum)" as String)
    add("\"}\n")
  }
}
