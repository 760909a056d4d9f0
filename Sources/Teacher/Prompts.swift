import Foundation
public import Support

/// How a category's name becomes sentences for the text tower. Part of what text embeddings are
/// kept under.
///
/// In a sentence `{}` stands for the name and `{article}` for "a" or "an".
public struct PromptTemplates: Hashable, Sendable, Codable {
  /// What is done to a name before it goes into a sentence.
  public enum NameCleanUp: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nothing.
    case none
    /// ViLD's: "_" becomes a space and "/" becomes " or ", lower case, no full stops at the end.
    /// What stands in brackets is kept: "bat_(animal)" is "bat (animal)".
    case release

    /// The name as it goes into a sentence.
    public func callAsFunction(_ name: String) -> String {
      switch self {
      case .none: return name
      case .release:
        var clean = name.replacing("_", with: " ").replacing("/", with: " or ").lowercased()
        while clean.hasSuffix(".") { clean.removeLast() }
        return clean
      }
    }
  }

  /// Each has exactly one `{}`, and `{article}` where one is wanted.
  public let templates: [String]
  /// Which article takes the place of `{article}`.
  public var article: Article
  /// What is done to names.
  public var cleanUp: NameCleanUp
  /// Whether prompts that begin with the letter "a" or with "the" get "This is " before them, as in
  /// ViLD's release.
  public var thisIs: Bool

  /// Sentences of the user's own; unless asked otherwise a name goes in as it is.
  ///
  /// - Throws: `InputError` (`configuration`) for no templates, one without exactly one `{}`, or one
  ///   with other brackets than `{}` and `{article}`.
  public init(
    _ templates: [String], article: Article = .release, cleanUp: NameCleanUp = .none,
    thisIs: Bool = false
  ) throws(InputError) {
    guard !templates.isEmpty else {
      throw InputError(.configuration, "no prompt templates", hint: "'{}' is the name alone")
    }
    for template in templates {
      let places =
        template.split(separator: "{}", omittingEmptySubsequences: false).count - 1
      guard places == 1 else {
        throw InputError(
          .configuration, "prompt template '\(template)'", expected: "one {} where the name goes",
          got: "\(places)")
      }
      let rest = template.replacing("{}", with: "").replacing("{article}", with: "")
      guard !rest.contains(where: { "{}".contains($0) }) else {
        throw InputError(
          .configuration, "prompt template '\(template)'",
          expected: "no brackets but {} for the name and {article} for a or an")
      }
    }
    self.init(trusted: templates, article: article, cleanUp: cleanUp, thisIs: thisIs)
  }

  /// Reads the user's own sentences: one a line, where blank lines and lines that begin with '#' are
  /// passed over, or a JSON array of strings.
  ///
  /// - Throws: `InputError` that names the file.
  public init(
    path: String, article: Article = .release, cleanUp: NameCleanUp = .none, thisIs: Bool = false
  ) throws(InputError) {
    let data = try Files.read(path)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw InputError(.badData, "not a list of prompt templates", at: path, expected: "UTF-8")
    }
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    var templates = lines
    if lines.first?.hasPrefix("[") == true {
      guard let list = try? JSONDecoder().decode([String].self, from: data) else {
        throw InputError(.badData, "not a JSON list of prompt templates", at: path)
      }
      templates = list
    }
    do throws(InputError) {
      try self.init(templates, article: article, cleanUp: cleanUp, thisIs: thisIs)
    } catch {
      var error = error
      (error.kind, error.place) = (.badData, path)
      throw error
    }
  }

  init(
    trusted templates: [String], article: Article = .release, cleanUp: NameCleanUp = .none,
    thisIs: Bool = false
  ) {
    self.templates = templates
    self.article = article
    self.cleanUp = cleanUp
    self.thisIs = thisIs
  }

  /// One prompt a template, in order.
  public func prompts(for name: String) -> [String] {
    let (article, clean) = (article(name), cleanUp(name))
    return templates.map { template in
      var text = ""
      for part in template.split(separator: "{", omittingEmptySubsequences: false) {
        guard let end = part.firstIndex(of: "}") else {
          text += part
          continue
        }
        text += end == part.startIndex ? clean : article
        text += part[part.index(after: end)...]
      }
      let isExtended = text.utf8.starts(with: "a".utf8) || text.utf8.starts(with: "the".utf8)
      return thisIs && isExtended ? "This is \(text)" : text
    }
  }

  private enum CodingKeys: String, CodingKey {
    case templates
    case article
    case cleanUp = "clean_up"
    case thisIs = "this_is"
  }

  /// - Throws: what `init(_:article:cleanUp:thisIs:)` throws.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      values.decode([String].self, forKey: .templates),
      article: values.decode(Article.self, forKey: .article),
      cleanUp: values.decode(NameCleanUp.self, forKey: .cleanUp),
      thisIs: values.decode(Bool.self, forKey: .thisIs))
  }
}
