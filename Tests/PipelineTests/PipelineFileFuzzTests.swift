import Foundation
import Pipeline
import Support
import Testing

/// Damaged files end in an `InputError` or in a valid pipeline, never in a crash.
struct PipelineFileFuzzTests {
  @Test(arguments: shippedPipelines)
  func aFileCutAnywhereIsReadOrRefused(path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for count in stride(from: 0, to: text.unicodeScalars.count, by: 7) {
      try readOrRefuse(String(text.unicodeScalars.prefix(count)))
      try readOrRefuse(String(text.unicodeScalars.suffix(count)))
    }
  }

  @Test(arguments: shippedPipelines)
  func aDamagedFileIsReadOrRefused(path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // Without comments, so that most damage hits something.
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    let whole = Array(lines.joined(separator: "\n").unicodeScalars)
    let signs = Array(
      "\n\t :-?,[]{}#&*!|>'\"%@`\\<=~.0123456789eE+_aé\u{0}\u{7F}\u{85}\u{FEFF}🦓".unicodeScalars)
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<1000 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let i = Int.random(in: 0..<damaged.count, using: &generator)
        let sign = signs.randomElement(using: &generator)!
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: damaged[i] = sign
        case 1: damaged.insert(sign, at: i)
        case 2: damaged.remove(at: i)
        default:
          let end = min(damaged.count, i + Int.random(in: 1...200, using: &generator))
          let place = Int.random(in: 0...damaged.count, using: &generator)
          damaged.insert(contentsOf: damaged[i..<end], at: place)
        }
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: damaged)
      try readOrRefuse(String(text))
    }
  }

  /// Whatever is read is written and read again without a change.
  private func readOrRefuse(_ text: String) throws {
    let pipeline: PipelineConfiguration
    do {
      pipeline = try PipelineFile.parse(text, path: "p.yaml")
    } catch {
      #expect(error.kind == .configuration)
      #expect(error.description.hasPrefix("p.yaml:"))
      return
    }
    #expect(
      try PipelineFile.parse(PipelineFile.resolved(pipeline), path: "resolved") == pipeline)
  }
}
