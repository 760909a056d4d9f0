public import Support

/// A file of proposals in either form, opened once, so that it may be a pipe.
public struct GivenProposals: Sendable {
  /// Whether it is COCO results: a list, where our own format has objects.
  public let isCOCOResults: Bool
  let text: DatasetText

  /// - Throws: `InputError` when it cannot be read or is empty.
  public init(path: String) throws(InputError) {
    text = try DatasetText(path: path)
    var cursor = JSONCursor(text)
    guard let first = cursor.next else {
      if let failure = cursor.failure { throw failure }
      throw InputError(.badData, "the file is empty", at: path, expected: "proposals")
    }
    isCOCOResults = first == UInt8(ascii: "[")
  }

  /// - Parameter first: about the first image that is not among those wanted.
  static func noneFits(_ first: InputError) -> InputError {
    InputError(
      first.kind, "none of the proposals is of an image of the data set", at: first.place,
      expected: "the ids of its images", got: first.got)
  }
}
