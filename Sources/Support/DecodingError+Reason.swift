extension DecodingError {
  /// The path of the value and what is wrong with it.
  package var reason: String {
    let context: Context
    switch self {
    case .typeMismatch(_, let own), .valueNotFound(_, let own), .keyNotFound(_, let own),
      .dataCorrupted(let own):
      context = own
    @unknown default: return "\(self)"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
  }
}
