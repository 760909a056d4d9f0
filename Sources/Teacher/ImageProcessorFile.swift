import Foundation
import Support

/// The file in which a folder of transformers says how images are prepared.
enum ImageProcessorFile {
  /// Until version 4; the settings are the whole file.
  static let own = "preprocessor_config.json"
  /// Since version 5; the settings are its `image_processor`.
  static let shared = "processor_config.json"

  /// The path of the folder's; nil where none of the two says anything of images.
  static func path(in folder: String) -> String? {
    let (own, shared) = ("\(folder)/\(own)", "\(folder)/\(shared)")
    if Files.exists(own) { return own }
    guard let data = try? Files.read(shared),
      (try? JSONDecoder().decode(Header.self, from: data))?.image_processor != nil
    else { return nil }
    return shared
  }

  private struct Header: Decodable {
    struct Anything: Decodable {
      init(from decoder: any Decoder) {}
    }
    var image_processor: Anything?
  }

  /// The settings of either file; nil where they are not of the form of `Settings`.
  static func read<Settings: Decodable>(
    _ settings: Settings.Type, from data: Data, with decoder: JSONDecoder = JSONDecoder()
  ) -> Settings? {
    (try? decoder.decode(Wrapped<Settings>.self, from: data))?.settings
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct Wrapped<Settings: Decodable>: Decodable {
    var settings: Settings

    init(from decoder: any Decoder) throws {
      let keys = try decoder.container(keyedBy: Key.self)
      // The decoder may take the underscores out of keys.
      let wrapping = ["image_processor", "imageProcessor"].map { Key(stringValue: $0) }
      if let key = wrapping.first(where: keys.contains) {
        settings = try keys.decode(Settings.self, forKey: key)
      } else {
        settings = try Settings(from: decoder)
      }
    }
  }
}
