public import ArgumentParser
public import Stages
public import StudentExport
import Support

extension StudentGraph.Part: ExpressibleByArgument {}
extension StudentGraph.Input.Pixels: ExpressibleByArgument {}
extension StudentExportStage.Format: ExpressibleByArgument {}

struct ExportStudent: Verb {
  static let configuration = CommandConfiguration(
    commandName: "student",
    abstract: "Write a trained student as an ONNX graph, or its weights for PyTorch.",
    discussion: """
      The formats:

        onnx         one graph, from an image's bytes to detections
        torchvision  weights for torchvision's Mask R-CNN, and the model in Python
        safetensors  weights under the student's own names, in PyTorch's layouts

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

  @Option(
    help: ArgumentHelp(
      "The file, which ends in .onnx, or else in .safetensors.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("What to write.", valueName: "format"))
  var format = StudentExportStage.Format.onnx

  @OptionGroup var chosen: StudentOption

  @OptionGroup var asked: ClassesOption

  @Option(help: ArgumentHelp("How far the graph goes.", valueName: "part"))
  var part = StudentGraph.Part.full

  @Option(help: ArgumentHelp("How the graph's pixels are given.", valueName: "type"))
  var input = StudentGraph.Input.Pixels.uint8

  @Flag(help: "Let several images of one size go in at once; with --part backbone.")
  var batch = false

  @Flag(help: "Write weights in float16, in which layers compute then; boxes and scores do not.")
  var float16 = false

  func validate() throws {
    guard asked.classes == nil || part == .full else {
      throw ValidationError("--classes goes with --part full")
    }
    guard !batch || part == .backbone else {
      throw ValidationError("--batch goes with --part backbone")
    }
    guard format == .onnx || part == .full && input == .uint8 && !batch && !float16 else {
      throw ValidationError("--part, --input, --batch and --float16 go with --format onnx")
    }
  }

  func run(on console: Console) throws {
    try StudentExportStage(
      options.chain(on: console),
      .init(
        output: output, format: format, student: chosen.student, classes: asked.classes, part: part,
        input: .init(pixels: input, isBatch: batch), isHalf: float16,
        producer: "vild \(Vild.configuration.version)")
    ).execute()
  }
}
