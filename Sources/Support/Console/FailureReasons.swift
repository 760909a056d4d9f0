/// Why things failed, counted by reason, whatever the name of each is.
public struct FailureReasons: Sendable {
  private var counts: [String: Int] = [:]

  public init() {}

  /// - Parameters:
  ///   - text: one thing's reason in one line.
  ///   - kind: what kind of failure, to be told apart; nil where there are no kinds.
  public mutating func add(_ text: String, as kind: String? = nil) {
    counts[(kind.map { "\($0): " } ?? "") + Self.unnamed(text), default: 0] += 1
  }

  /// How many were added.
  public var count: Int { counts.values.reduce(0, +) }

  /// The most frequent first: "2 a damaged jpeg; 1 cannot read".
  public var text: String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) \($0.key)" }.joined(separator: "; ")
  }

  /// A reason without what differs from one to the next: paths and numbers.
  public static func general(_ text: String) -> String {
    let words = text.split(separator: " ").map { word in
      word.contains("/") ? "..." : word.contains(where: \.isNumber) ? "#" : String(word)
    }
    return words.joined(separator: " ")
  }

  /// The same without the name that it begins with.
  public static func unnamed(_ text: String) -> String {
    let words = general(text).split(separator: " ")
    return (words.first == "..." ? words.dropFirst() : words[...]).joined(separator: " ")
  }
}
