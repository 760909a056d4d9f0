import Foundation
import Pipeline
import Support
import TestSupport
import Testing

/// A mistake in a pipeline file and the message that it must cause.
///
/// `Goldens/mistakes.txt` has one a paragraph: lines `= ` are a whole file; lines `- ` and `+ ` are
/// taken from the shortest pipeline and put in their place, or at its end; `> ` is the message.
struct Mistake: CustomTestStringConvertible, Sendable {
  let text: String
  let message: String
  var testDescription: String { message }

  init(paragraph: Substring) {
    var lines = ["=": [Substring](), "+": [], "-": [], ">": []]
    for line in paragraph.split(separator: "\n") {
      lines[String(line.prefix(1)), default: []].append(line.dropFirst(2))
    }
    message = lines[">"]!.joined(separator: "\n")
    if !lines["="]!.isEmpty {
      text = lines["="]!.joined(separator: "\n")
    } else if lines["-"]!.isEmpty {
      text = shortestPipeline + lines["+"]!.joined(separator: "\n")
    } else {
      let old = lines["-"]!.map { $0 + "\n" }.joined()
      let new = lines["+"]!.map { $0 + "\n" }.joined()
      precondition(shortestPipeline.contains(old))
      text = shortestPipeline.replacing(old, with: new)
    }
  }

  static let all: [Mistake] = {
    let text = try? String(contentsOfFile: fixture("Goldens/mistakes.txt"), encoding: .utf8)
    return (text ?? "").split(separator: "\n\n").map(Mistake.init(paragraph:))
  }()
}

/// The message of the error that reading `text` throws; nil when it is fine.
private func message(_ text: String) -> String? {
  do {
    _ = try PipelineFile.parse(text, path: "p.yaml")
    return nil
  } catch {
    #expect(error.kind == .configuration)
    return error.description
  }
}

struct PipelineFileErrorTests {
  @Test(arguments: Mistake.all)
  func aMistakeIsNamed(mistake: Mistake) {
    #expect(message(mistake.text) == mistake.message)
  }

  @Test func theMistakesAreThere() { #expect(Mistake.all.count > 90) }

  @Test func nothingAtAllIsNamed() {
    let sections =
      "a section with name, data, teacher, proposals, regions, student, distillation, "
      + "detection, evaluation, comparison"
    #expect(message("") == "p.yaml: the pipeline file is empty (expected \(sections))")
  }

  @Test func aControlCharacterIsNamed() {
    #expect(
      message(shortestPipeline + "detection: a\u{1}b")
        == "p.yaml:9: not valid YAML: control characters are not allowed")
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "a:\n "])
  func deepNestingIsAnError(opening: String) {
    #expect(message(String(repeating: opening, count: 5000)) != nil)
  }

  @Test func aTowerOfAliasesIsRefusedUnread() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for i in 1...30 { text += "a\(i): &a\(i) [*a\(i - 1), *a\(i - 1)]\n" }
    text += "? *a30\n: x\n"
    #expect(
      message(text)
        == "p.yaml:6: anchors (&) and aliases (*) are not understood; write the values out")
  }

  @Test func asterisksInCommentsAndTextsAreFine() {
    let comments = String(repeating: "# * a point *made* \n", count: 20)
    #expect(message(comments + shortestPipeline) == nil)
    #expect(
      message(shortestPipeline + "proposals: {file: '\(String(repeating: "a*b ", count: 20))'}")
        == nil)
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    try withTemporaryFolder { folder in
      func message(of path: String) -> String? {
        do {
          _ = try PipelineFile.load(path: path)
          return nil
        } catch {
          return error.description
        }
      }
      let path = "\(folder)/p.yaml"
      #expect(message(of: path) == "\(path): cannot read (got No such file or directory)")
      #expect(message(of: folder) == "\(folder): cannot read (expected a file, got a folder)")

      try Data([0x6E, 0x3A, 0x20, 0xFF, 0xFE]).write(to: URL(filePath: path))
      #expect(
        message(of: path) == "\(path): the pipeline file is not text (expected YAML in UTF-8)")

      try Data(repeating: 0x23, count: 150_000).write(to: URL(filePath: path))
      #expect(
        message(of: path)
          == "\(path): the file is too large for a pipeline (expected at most 128 KiB)")

      try Data(shortestPipeline.utf8).write(to: URL(filePath: path))
      #expect(message(of: path) == nil)
    }
  }
}
