import ArgumentParser
import Stages

struct Distill: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train the student.",
    discussion: """
      Trains the two-stage student on the base categories' boxes and the cached embeddings. Writes \
      checkpoints and continues from the last one.
      """)

  @OptionGroup var options: RunOptions

  func run() throws { try DistillStage(options.run(), report: Report()).execute() }
}
