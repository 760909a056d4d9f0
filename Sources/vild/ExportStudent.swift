public import ArgumentParser
import Stages
public import StudentExport
import Support

extension StudentGraph.Part: ExpressibleByArgument {}

struct ExportStudent: Verb {
  static let configuration = CommandConfiguration(
    commandName: "student",
    abstract: "Write a trained student as an ONNX graph.",
    discussion: """
      The graph takes an image as bytes, in any size, and gives boxes, scores, categories, the \
      regions' vectors and, where the student has them, masks: the same as 'vild detect' finds. The \
      names' text embeddings go in with the image, so that the vocabulary stays open. It has standard \
      operators alone (opset 17).

      Beside model.onnx: model.vocabulary.json, the names with their embeddings, and model.txt, what \
      goes in and comes out, with an example in Python.

      The parts:

        backbone   the feature pyramid alone
        proposals  boxes and objectness, whatever the student's second stage
        regions    what is said of regions before any name is asked for
        full       the detections of names
      """)

  @OptionGroup var options: RunOptions

  @Option(help: ArgumentHelp("The file of the graph, which ends in .onnx.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Use this student, a file or its folder, instead of the pipeline's.", valueName: "student"))
  var student: String?

  @Option(
    help: ArgumentHelp(
      "Category names, or a file of them; the pipeline's own without.", valueName: "names"))
  var classes: String?

  @Option(help: ArgumentHelp("How far the graph goes.", valueName: "part"))
  var part = StudentGraph.Part.full

  @Flag(help: "Write weights in float16, in which layers compute then; boxes and scores do not.")
  var float16 = false

  func validate() throws {
    guard classes == nil || part == .full else {
      throw ValidationError("--classes goes with --part full")
    }
  }

  func run(on console: Console) throws {
    try StudentExportStage(
      options.chain(on: console),
      .init(
        output: output, student: student, classes: classes, part: part, isHalf: float16,
        producer: "vild \(Vild.configuration.version)")
    ).execute()
  }
}
