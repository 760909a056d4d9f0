import ArgumentParser
import Stages

struct TeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "teacher", abstract: "Look at the teacher.", subcommands: [Accuracy.self])

  struct Accuracy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How often the teacher names annotated objects rightly.",
      discussion: """
        Embeds the validation images' boxes through the same path as proposals and compares them \
        with all category names.
        """)

    @OptionGroup var options: RunOptions

    @Option(
      help: ArgumentHelp(
        "Boxes of at most the area of a square of this side are left out.", valueName: "pixels"))
    var minimumSide = 32.0

    func run() throws {
      try TeacherAccuracyStage(options.run(), minimumSide: minimumSide, report: Report()).execute()
    }
  }
}
