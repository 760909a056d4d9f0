internal import Foundation
package import Support

/// What a shard says of itself.
package struct ShardHeader: Sendable {
  /// Of its columns; see `ShardContent`.
  package let fields: [String: JSONValue]
  /// Canonical JSON of all that the content depends on, so that a lone shard still says where it comes
  /// from.
  package let recipe: String
  /// SHA-256 of `recipe`.
  package let recipeHash: String
  /// Its number.
  package let shard: Int

  init(fields: [String: JSONValue], recipe: String, shard: Int) {
    (self.fields, self.recipe, self.shard) = (fields, recipe, shard)
    recipeHash = Fingerprint.data(Data(recipe.utf8))
  }

  /// The skippable frame at the start of the file.
  var frame: [UInt8] {
    var members = fields
    members["recipe"] = .string(recipe)
    members["recipeHash"] = .string(recipeHash)
    members["shard"] = .integer(Int64(shard))
    let content =
      ShardFormat.magic + Bytes.of([UInt32(ShardFormat.version)])
      + Array(JSONValue.object(members).canonical.utf8)
    return Bytes.of([ShardFormat.headerFrame, UInt32(content.count)]) + content
  }

  /// Bytes of the frame before its JSON.
  static var start: Int { 8 + ShardFormat.magic.count + 4 }

  /// What a frame says; nil for one that is none of a shard's.
  init?(frame: [UInt8]) {
    let text = Data(frame[Self.start...])
    guard let header = try? JSONDecoder().decode(ShardHeader.self, from: text) else { return nil }
    self = header
  }
}

extension ShardHeader: Decodable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Key.self)
    recipe = try members.decode(String.self, forKey: Key(stringValue: "recipe"))
    recipeHash = try members.decode(String.self, forKey: Key(stringValue: "recipeHash"))
    shard = try members.decode(Int.self, forKey: Key(stringValue: "shard"))
    var fields: [String: JSONValue] = [:]
    for key in members.allKeys where !["recipe", "recipeHash", "shard"].contains(key.stringValue) {
      fields[key.stringValue] = try members.decode(JSONValue.self, forKey: key)
    }
    self.fields = fields
  }
}
