public import Support

/// An image that cannot be had, with the reason as a caller may want to record it.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Why there is no image.
  public enum Reason: String, Sendable, CaseIterable {
    /// The file is not there or cannot be read.
    case missing
    /// More pixels than the limits allow; found in the header, before memory was taken.
    case tooLarge
    /// Not a JPEG, PNG, WebP or GIF, or a kind of one that is not read here.
    case unsupported
    /// Truncated or damaged.
    case corrupt
    /// Not of the size that annotations say.
    case otherSize
  }

  /// Why there is no image.
  public let reason: Reason
  /// The same for people: one line that names the file.
  public let inputError: InputError

  /// - Parameter inputError: the line to show, with the image's name in it.
  public init(_ reason: Reason, _ inputError: InputError) {
    self.reason = reason
    self.inputError = inputError
  }

  init(_ reason: Reason, _ what: String, at name: String, expected: String? = nil, got: String?) {
    self.init(reason, InputError(.badData, what, at: name, expected: expected, got: got))
  }

  /// One line that names the image.
  public var description: String { inputError.description }
}
