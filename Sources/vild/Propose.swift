import ArgumentParser
import Ranks
import Stages
import Support

struct Propose: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Train the proposal network and write offline proposals.",
    discussion: """
      Trains a class-agnostic proposal network on the base categories' boxes, writes its best boxes \
      of every image, and prints their recall. With proposals.file in the pipeline, takes those \
      boxes instead.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var together: RanksOption

  func run(on console: Console) throws {
    guard let ranks = try together.join(on: console) else { return }
    try ranks.together { try ProposeStage.execute(options.chain(on: console, ranks: ranks)) }
  }
}
