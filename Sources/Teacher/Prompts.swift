public import Support

/// Sentences a category name is put into before the text tower reads it; `{}` stands for the name.
public struct PromptTemplates: Hashable, Sendable, Codable {
  /// Each has exactly one `{}`.
  public let templates: [String]

  /// - Throws: `InputError` (`configuration`) for no templates, or one without exactly one `{}`.
  public init(_ templates: [String]) throws(InputError) {
    guard !templates.isEmpty else {
      throw InputError(.configuration, "no prompt templates", hint: "'{}' is the name alone")
    }
    for template in templates where template.split(by: "{}").count != 2 {
      throw InputError(
        .configuration, "prompt template '\(template)'", expected: "one {} where the name goes",
        got: "\(template.split(by: "{}").count - 1)")
    }
    self.templates = templates
  }

  private init(trusted templates: [String]) { self.templates = templates }

  /// The ones the ConSE teacher is used with.
  public static let conse = PromptTemplates(trusted: [
    "a photo of a {}.", "a {}.", "a photo of the {}.", "this is a {} in the scene.",
  ])

  /// One prompt a template, in order; the name goes in as it is.
  public func prompts(for name: String) -> [String] {
    templates.map { $0.split(by: "{}").joined(separator: name) }
  }

  /// - Throws: what `init(_:)` throws.
  public init(from decoder: any Decoder) throws {
    try self.init([String](from: decoder))
  }

  /// A plain list of strings.
  public func encode(to encoder: any Encoder) throws { try templates.encode(to: encoder) }
}

extension String {
  /// The parts between occurrences of `separator`, empty ones included.
  fileprivate func split(by separator: String) -> [Substring] {
    split(separator: separator, omittingEmptySubsequences: false)
  }
}
