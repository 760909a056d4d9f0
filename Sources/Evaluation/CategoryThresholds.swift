public import Foundation
public import Support

/// From which score on detections are wanted, by category name: what a thresholds file says
/// (`schemas/thresholds.schema.json`). `vild evaluate --choose-thresholds` writes one, and people may.
public struct CategoryThresholds: Codable, Equatable, Sendable {
  /// A score, and what the detections from it on are worth on the images that it was chosen by.
  public struct Threshold: Equatable, Sendable {
    /// In 0...1; nil wants none of the detections, as no score would do.
    public var score: Double?
    /// In 0...1; nil where nobody knows, or no detection is wanted.
    public var precision, recall: Double?
    /// Objects that it was chosen by; nil where nobody knows.
    public var truths: Int?

    public init(
      score: Double?, precision: Double? = nil, recall: Double? = nil, truths: Int? = nil
    ) {
      (self.score, self.precision, self.recall, self.truths) = (score, precision, recall, truths)
    }
  }

  static let format = "vild-thresholds"
  static let version = 1

  /// What they were chosen for, in words: "precision 0.9"; nil where a person chose.
  public var target: String?
  /// Of names without one of their own; nil where the file says nothing of them.
  public var all: Threshold?
  /// By name.
  public var categories: [String: Threshold]

  public init(target: String? = nil, all: Threshold?, categories: [String: Threshold]) {
    (self.target, self.all, self.categories) = (target, all, categories)
  }

  /// The least score of a name's detections that are wanted: infinite where none is, and `other` where
  /// the file says nothing.
  public func score(of name: String, or other: Double) -> Double {
    guard let threshold = categories[name] ?? all else { return other }
    return threshold.score ?? .infinity
  }
}

extension CategoryThresholds {
  /// Reads a thresholds file.
  ///
  /// - Throws: `InputError` that names the file, the key and the value.
  public init(path: String) throws(InputError) {
    let data = try Files.read(path)
    do {
      self = try JSONDecoder().decode(Self.self, from: data)
    } catch {
      throw InputError(
        .badData, "not a thresholds file", at: path,
        expected: #"JSON such as {"all": 0.5, "categories": {"cat": 0.6}}"#,
        got: (error as? DecodingError)?.reason ?? "\(error)")
    }
  }

  /// The file, with sorted keys.
  public func json() throws -> Data { try JSONDocument.pretty(self) + Data("\n".utf8) }

  private enum Key: String, CodingKey, CaseIterable {
    case format, version, target, all, categories
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseOthers(than: Key.allCases.map(\.rawValue))
    let values = try decoder.container(keyedBy: Key.self)
    if let format = try values.decodeIfPresent(String.self, forKey: .format), format != Self.format
    {
      throw values.fault(.format, "expected \(Self.format), got '\(format)'")
    }
    if let version = try values.decodeIfPresent(Int.self, forKey: .version), version != Self.version
    {
      throw values.fault(.version, "expected \(Self.version), got \(version)")
    }
    target = try values.decodeIfPresent(String.self, forKey: .target)
    all = try values.decodeIfPresent(Threshold.self, forKey: .all)
    categories = try values.decodeIfPresent([String: Threshold].self, forKey: .categories) ?? [:]
    guard all != nil || !categories.isEmpty else {
      throw values.fault(.categories, "neither 'all' nor a category has a score")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(Self.format, forKey: .format)
    try values.encode(Self.version, forKey: .version)
    try values.encodeIfPresent(target, forKey: .target)
    try values.encodeIfPresent(all, forKey: .all)
    try values.encode(categories, forKey: .categories)
  }
}

extension CategoryThresholds.Threshold: Codable {
  private enum Key: String, CodingKey, CaseIterable { case score, precision, recall, truths }

  /// A number alone is a score.
  public init(from decoder: any Decoder) throws {
    if let score = try? decoder.singleValueContainer().decode(Double.self) {
      self.init(score: score)
    } else {
      try decoder.refuseOthers(than: Key.allCases.map(\.rawValue))
      let values = try decoder.container(keyedBy: Key.self)
      guard values.contains(.score) else {
        throw values.fault(.score, "expected a score in 0...1, or null for none of the detections")
      }
      self.init(
        score: try values.decodeIfPresent(Double.self, forKey: .score),
        precision: try values.decodeIfPresent(Double.self, forKey: .precision),
        recall: try values.decodeIfPresent(Double.self, forKey: .recall),
        truths: try values.decodeIfPresent(Int.self, forKey: .truths))
    }
    if let score, !(0...1).contains(score) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath, debugDescription: "expected 0 to 1, got \(score)"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(score, forKey: .score)
    try values.encodeIfPresent(precision, forKey: .precision)
    try values.encodeIfPresent(recall, forKey: .recall)
    try values.encodeIfPresent(truths, forKey: .truths)
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// A key that is misspelt would be a threshold that is not used.
  fileprivate func refuseOthers(than known: [String]) throws {
    let values = try container(keyedBy: AnyKey.self)
    let others = values.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
    if let other = others.first {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: codingPath,
          debugDescription:
            "unknown key '\(other)', expected one of \(known.joined(separator: ", "))"))
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func fault(_ key: Key, _ what: String) -> DecodingError {
    .dataCorruptedError(forKey: key, in: self, debugDescription: what)
  }
}
