import ArgumentParser
import Foundation
import Stages

struct Distill: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train the student.",
    discussion: """
      Trains the two-stage student on the base categories' boxes and the cached embeddings. Writes \
      checkpoints and continues from the last one.
      """)

  @OptionGroup var options: RunOptions

  @Flag(
    help: """
      Print the steps of the run and the memory that it will take, found out by small steps; train \
      nothing.
      """)
  var plan = false

  @Flag(help: "With --plan: print JSON, as schemas/training-plan.schema.json describes it.")
  var json = false

  func validate() throws {
    if json && !plan { throw ValidationError("--json goes with --plan") }
  }

  func run() throws {
    let stage = DistillStage(try options.run(), report: Report())
    guard plan else { return try stage.execute() }
    let plan = try stage.plan()
    guard json else { return plan.lines.forEach { print($0) } }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(plan), as: UTF8.self))
  }
}
