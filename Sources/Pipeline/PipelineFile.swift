import Foundation
public import Support
import Yams

/// The pipeline file: YAML in which every key is known, every value is in range, and everything
/// that has a default may be left out.
///
/// The file's keys, with their limits, are listed in `PipelineFile+Keys.swift`.
public enum PipelineFile {
  /// A file larger than this is not a pipeline; in bytes.
  private static let largestSize = 128 * 1024

  /// The configuration in the file at `path`, with defaults for the keys that it leaves out.
  ///
  /// - Throws: `InputError`: `missingInput` for no readable file; `configuration` for the first
  ///   thing that is wrong in it, with its line and key.
  public static func load(path: String) throws(InputError) -> PipelineConfiguration {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    if let size = attributes?[.size] as? Int, size > largestSize { throw tooLarge(path) }
    let bytes = try Files.read(path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError(
        .configuration, "the pipeline file is not text", at: path, expected: "YAML in UTF-8")
    }
    return try parse(text, path: path)
  }

  /// The configuration in `text`.
  ///
  /// - Parameter path: only named in messages.
  package static func parse(
    _ text: String, path: String
  ) throws(InputError) -> PipelineConfiguration {
    guard text.utf8.count <= largestSize else { throw tooLarge(path) }
    let hasMark = text.unicodeScalars.first == "\u{FEFF}"
    let text = hasMark ? String(text.unicodeScalars.dropFirst()) : text
    let place = PipelinePlace(file: path)
    if let line = lineOfTooManyAliases(text) { throw place.at(line: line).anchorError }
    do {
      let parser = try Parser(yaml: text, encoding: .utf8)
      // The nodes hold their anchors weakly; the parser holds them strongly.
      defer { withExtendedLifetime(parser) {} }
      let root = try parser.singleRoot()
      if let root { try place.refuseSpecials(root) }
      guard let root, !root.isNull else {
        throw InputError(
          .configuration, "the pipeline file is empty", at: path,
          expected: pipeline.shape.description)
      }
      return try pipeline.read(root, at: place)
    } catch let error as InputError {
      throw error
    } catch let error as YamlError {
      throw inputError(error, path: path)
    } catch {
      preconditionFailure("the YAML parser throws YamlError, not \(error)")
    }
  }

  /// The complete file of `configuration`: every key that has a value, in a stable order.
  ///
  /// Loads again to an equal configuration, if this one is valid.
  public static func resolved(_ configuration: PipelineConfiguration) -> String {
    do {
      let text = try serialize(
        node: pipeline.write(configuration), width: -1, allowUnicode: true)
      return "# The pipeline with every default written out.\n" + text
    } catch {
      preconditionFailure("a tree of mappings, lists and texts is valid YAML: \(error)")
    }
  }

  /// What a file may say.
  package static var shape: PipelineShape { pipeline.shape }

  private static func tooLarge(_ path: String) -> InputError {
    InputError(
      .configuration, "the file is too large for a pipeline", at: path,
      expected: "at most \(largestSize / 1024) KiB")
  }

  /// Aliases are refused wherever the reader meets them, but before that the YAML parser compares
  /// keys, which takes exponential time for a tower of aliases. So more than a few of what may be
  /// aliases are refused unread.
  private static func lineOfTooManyAliases(_ text: String) -> Int? {
    var (count, line, isComment, last) = (0, 1, false, UInt8(ascii: "\n"))
    for byte in text.utf8 {
      let isStart = last <= UInt8(ascii: " ") || last >= 0x80 || ",[{".utf8.contains(last)
      switch byte {
      case UInt8(ascii: "\n"): (line, isComment) = (line + 1, false)
      // Carriage return, and the last bytes of YAML's line breaks beyond ASCII.
      case UInt8(ascii: "\r"), 0x85, 0xA8, 0xA9: isComment = false
      case UInt8(ascii: "#") where isStart: isComment = true
      case UInt8(ascii: "*") where isStart && !isComment: count += 1
      default: break
      }
      if count > 8 { return line }
      last = byte
    }
    return nil
  }

  /// One line for what the YAML parser found.
  private static func inputError(_ error: YamlError, path: String) -> InputError {
    switch error {
    case .scanner(let context, let problem, let mark, let yaml),
      .parser(let context, let problem, let mark, let yaml),
      .composer(let context, let problem, let mark, let yaml):
      let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let line = mark.line <= lines.count ? lines[mark.line - 1] : ""
      let isTooDeep = problem.contains("nesting level")
      let isTab = line.unicodeScalars.dropFirst(mark.column - 1).first == "\t"
      return InputError(
        .configuration,
        isTooDeep
          ? "nested too deeply"
          : "not valid YAML: \(context.map { "\($0.text), " } ?? "")\(problem)",
        at: "\(path):\(mark)", hint: isTab ? "indent with spaces, not tabs" : nil)
    case .reader(let problem, let offset, _, let yaml):
      let line = offset.map { 1 + yaml.prefix($0).count(where: \.isNewline) }
      return InputError(
        .configuration, "not valid YAML: \(problem)",
        at: line.map { "\(path):\($0)" } ?? path)
    case .duplicatedKeysInMapping(let keys, let context):
      return InputError(
        .configuration,
        "key '\(PipelinePlace.shortened(keys[0]))' is written more than once in one section",
        at: "\(path):\(context.mark.line)", hint: "keep one of them")
    default:
      return InputError(.configuration, "not valid YAML: \(error)", at: path)
    }
  }
}
