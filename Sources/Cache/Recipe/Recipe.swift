internal import Foundation
public import Support

/// What a kind of cache says of all that its content depends on. Its JSON form is the recipe.
package protocol CacheRecipe: Codable, Equatable, Sendable {
  /// What is kept of each region, and how.
  var columns: CacheColumns { get }
}

extension CacheRecipe {
  /// The recipe's name: SHA-256 in hex over its canonical JSON.
  package var hash: String { Fingerprint.json(self) }

  /// The fields in which this recipe and `other` differ, by name.
  package func difference(from other: some CacheRecipe) -> [Recipe.Difference] {
    Recipe(self).difference(from: Recipe(other))
  }

  /// - Throws: `InputError` (`badData`) for the recipe of a cache of another kind.
  package init(_ recipe: Recipe, at place: String) throws(InputError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Fingerprint.canonicalJSON(recipe))
    } catch {
      throw InputError(
        .badData, "not the recipe of such a cache", at: place, expected: "a \(Self.self)",
        got: (error as? DecodingError)?.reason ?? "\(error)")
    }
  }
}

/// All that the content of a cache depends on, whatever its kind. Another recipe is another cache;
/// readers refuse to mix them.
public struct Recipe: Codable, Equatable, Sendable {
  /// As `recipe.json` has it.
  package let json: JSONValue
  /// What is kept of each region, and how.
  package let columns: CacheColumns
  /// The recipe's name: SHA-256 in hex over its canonical JSON.
  public let hash: String

  /// The recipe of a cache of one kind.
  package init(_ recipe: some CacheRecipe) {
    (json, columns) = (JSONValue(encoding: recipe), recipe.columns)
    hash = Fingerprint.json(json)
  }

  public init(from decoder: any Decoder) throws {
    json = try JSONValue(from: decoder)
    guard let columns = CacheColumns(recipe: json) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "no columns that this version knows"))
    }
    self.columns = columns
    hash = Fingerprint.json(json)
  }

  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

  /// Reads a `recipe.json`.
  ///
  /// - Throws: `InputError` (`missingInput`, `badData`) that names the path.
  public static func read(_ path: String) throws(InputError) -> Recipe {
    let data = try Files.read(path)
    do {
      return try JSONDecoder().decode(Recipe.self, from: data)
    } catch {
      throw InputError(
        .badData, "not the recipe of a cache", at: path,
        got: (error as? DecodingError)?.reason ?? "\(error)")
    }
  }
}
