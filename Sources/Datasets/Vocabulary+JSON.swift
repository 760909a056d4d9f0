import Support

extension Vocabulary {
  /// Keys whose values hold the names, the first that is there counts: COCO's and LVIS's
  /// annotations, YOLO's and Hugging Face's configurations.
  private static let keys = ["names", "id2label", "categories", "classes", "label2id"]

  /// The categories of JSON that is a list or an object.
  static func entries(
    ofJSON content: Substring, source: String
  ) throws(InputError) -> [Entry] {
    var cursor = JSONCursor([UInt8](content.utf8), file: source)
    let entries = try entries(from: &cursor, source: source, isOutermost: true)
    try cursor.expectEnd()
    return entries
  }

  /// - Parameter isOutermost: whether the names may stand in a value of the object; names in names in
  ///   names are nobody's.
  private static func entries(
    from cursor: inout JSONCursor, source: String, isOutermost: Bool
  ) throws(InputError) -> [Entry] {
    guard cursor.next == UInt8(ascii: "{") else {
      let categories = try cursor.readArray { (cursor) throws(InputError) in
        try CategoryName(from: &cursor)
      }
      return categories.enumerated().map { Entry("\(source): [\($0.offset)]", $0.element) }
    }
    var ofIDs: [(id: Int, entry: Entry)] = []
    var ofNames: [(id: Int, entry: Entry)] = []
    var held: [String: [Entry]] = [:]
    var hasOthers = false
    try cursor.readObject { cursor, key throws(InputError) in
      let next = cursor.next
      let isContainer = next == UInt8(ascii: "{") || next == UInt8(ascii: "[")
      var trial = cursor
      if isOutermost, isContainer, keys.contains(key) {
        held[key] = try entries(from: &cursor, source: "\(source): \(key)", isOutermost: false)
      } else if let id = Int(key), next == UInt8(ascii: "\"") || next == UInt8(ascii: "{") {
        ofIDs.append((id, Entry("\(source): '\(key)'", try CategoryName(from: &cursor))))
      } else if let id = try? trial.readInt() {
        cursor = trial
        ofNames.append((id, Entry("\(source): '\(key.prefix(60))'", CategoryName(key))))
      } else {
        hasOthers = true
        try cursor.skipValue()
      }
    }
    if let key = keys.first(where: { held[$0] != nil }), let entries = held[key] { return entries }
    if !hasOthers, ofNames.isEmpty { return try inOrder(ofIDs) }
    if !hasOthers, ofIDs.isEmpty { return try inOrder(ofNames) }
    throw InputError(
      .badData, "no names in the object", at: source,
      expected: "{\"0\": \"cat\", ...}, {\"cat\": 0, ...}, a list, or one of these as "
        + keys.joined(separator: ", "))
  }
}

extension CategoryName {
  /// A string, or an object with `name` and perhaps `synonyms`; other keys are passed over.
  fileprivate init(from cursor: inout JSONCursor) throws(InputError) {
    guard cursor.next == UInt8(ascii: "{") else {
      self.init(try cursor.readString())
      return
    }
    var name: String?
    var synonyms: [String] = []
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "name": name = try cursor.readString()
      case "synonyms":
        synonyms = try cursor.readArray { (cursor) throws(InputError) in try cursor.readString() }
      default: try cursor.skipValue()
      }
    }
    self.init(try cursor.require(name, "name"), synonyms: synonyms)
  }
}
