package import Support

/// Everything that a result depends on, by name: choices, contents of files, versions of rules.
///
/// Each component says this once, beside the code that does its work: the data, the teacher's texts
/// and regions, a network, a training, a detector. Whoever uses a component has its inputs among the
/// own, under the component's name. Rules carry a version where they stand: to change one is to count
/// it up, and then the results of before are found by nobody.
package struct StageInputs: Codable, Equatable {
  /// SHA-256 in hex, of a choice's canonical JSON or of a file, by name.
  private(set) var values: [String: String] = [:]

  package init() {}

  /// A choice, or the version of a rule.
  mutating func add(_ name: String, _ value: some Encodable) {
    values[name] = Fingerprint.json(value)
  }

  /// All that a component depends on.
  mutating func add(_ name: String, of component: StageInputs) {
    for (part, value) in component.values { values["\(name).\(part)"] = value }
  }

  /// A file's content.
  ///
  /// - Throws: `InputError` for a file that is missing, and for a pipe, whose content could be read
  ///   here only.
  mutating func add(_ name: String, file: String) throws(InputError) {
    if Files.isStream(file) { throw Self.readTwice(file) }
    values[name] = try Fingerprint.file(file)
  }

  /// What is wrong with a pipe among the inputs of a pipeline.
  static func readTwice(_ path: String) -> InputError {
    InputError(
      .missingInput, "what a pipeline reads, it reads more than once", at: path,
      expected: "a file", got: "a pipe", hint: "save its content to a file first")
  }

  /// The hash of something already hashed.
  package mutating func add(_ name: String, hash: String) { values[name] = hash }

  /// The names and contents of image files.
  mutating func add(
    _ name: String, images: [String], in folder: String, read contents: ImageContents
  ) {
    let hashes = contents.hashes(of: images, in: folder)
    values[name] = Fingerprint.json(zip(images, hashes).map { "\($0) \($1 ?? "-")" })
  }

  package var hash: String { Fingerprint.json(values) }
}
