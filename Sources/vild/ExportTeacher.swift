public import ArgumentParser
public import Stages
import Support

extension TeacherExportStage.Tower: ExpressibleByArgument {}

struct ExportTeacher: Verb {
  static let configuration = CommandConfiguration(
    commandName: "teacher",
    abstract: "Write a tower of the teacher as an ONNX graph.",
    discussion: """
      The image tower takes pixels of crops, as many at once as fit, and gives their embeddings; the \
      text tower, of the families clip and siglip, takes tokens. It has standard operators alone \
      (opset 17).

      Beside teacher.onnx: teacher.txt, what goes in and comes out, with an example in Python.
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("The file of the graph, which ends in .onnx.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Which half.", valueName: "tower"))
  var tower = TeacherExportStage.Tower.image

  @Flag(help: "Write weights in float16, in which layers compute then.")
  var float16 = false

  func run(on console: Console) throws {
    try TeacherExportStage(
      options.chain(on: console),
      .init(
        output: output, tower: tower, isHalf: float16,
        producer: "vild \(Vild.configuration.version)")
    ).execute()
  }
}
