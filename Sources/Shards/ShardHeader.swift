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
    guard var fields = try? JSONDecoder().decode([String: JSONValue].self, from: text),
      case .string(let recipe)? = fields.removeValue(forKey: "recipe"),
      case .string(let recipeHash)? = fields.removeValue(forKey: "recipeHash"),
      case .integer(let shard)? = fields.removeValue(forKey: "shard")
    else { return nil }
    (self.fields, self.recipe, self.recipeHash) = (fields, recipe, recipeHash)
    self.shard = Int(shard)
  }
}
