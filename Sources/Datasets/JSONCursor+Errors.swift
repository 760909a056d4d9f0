package import Support

/// What is said of a value that is wrong: where it is, and what stands there.
extension JSONCursor {
  /// An error about the value at the current path.
  package func fault(
    _ what: String, member: String = "", expected: String? = nil, got: String? = nil,
    hint: String? = nil
  ) -> InputError {
    InputError(
      .badData, what, at: place(pathText + member), expected: expected, got: got, hint: hint)
  }

  /// The current path: `annotations[17].bbox`.
  private var pathText: String {
    var text = ""
    for step in path {
      switch step {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }

  private func place(_ detail: String) -> String {
    let place = line.map { "\(file) line \($0)" } ?? file
    return detail.isEmpty ? place : "\(place): \(detail)"
  }

  func mistyped(_ expected: String) -> InputError {
    guard position < bytes.count else { return malformed(expected: expected) }
    let word = token
    return fault(
      "wrong value", expected: expected, got: word.isEmpty || word.utf8.count > 40 ? excerpt : word)
  }

  /// The beginning of what stands here; a short string to its end.
  private var excerpt: String {
    let text = bytes[position...].prefix(24)
    let quote = UInt8(ascii: "\"")
    let end = text.first == quote ? text.dropFirst().firstIndex(of: quote) : nil
    return String(decoding: end.map { text[...$0] } ?? text, as: UTF8.self)
  }

  /// What is wrong with a text that is no JSON.
  static let malformed = "malformed JSON"

  func malformed(expected: String) -> InputError {
    if let failure { return failure }
    let got =
      position < bytes.count
      ? String(decoding: bytes[position...].prefix(12), as: UTF8.self) : "the end"
    return InputError(
      .badData, Self.malformed, at: place(isPart ? pathText : lineAndColumn), expected: expected,
      got: got)
  }

  /// Counted from the text's beginning: nobody counts lines while nothing is wrong.
  private var lineAndColumn: String {
    var (row, column) = (1, 1)
    func count(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { (row, column) = byte == 0x0A ? (row + 1, 1) : (row, column + 1) }
    }
    for start in stride(from: 0, to: dropped, by: max(1, chunk)) {
      if let part = try? text?[start..<min(start + chunk, dropped)] { count(part) }
    }
    count(bytes.prefix(position))
    return line == nil ? "line \(row), column \(column)" : "column \(column)"
  }
}
