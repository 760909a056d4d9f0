import ArgumentParser

/// Which images, and whose regions of them.
struct CorpusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A folder of images, a list of paths (- for standard input), tar files, or annotations.",
      valueName: "images"))
  var corpus: String

  @Option(help: ArgumentHelp("The images of the annotations.", valueName: "folder"))
  var images: String?

  @Option(
    help: ArgumentHelp(
      """
      Use this student instead of the pipeline's: the file of a finished one, or a checkpoint of \
      one in training, or its folder.
      """, valueName: "student"))
  var student: String?
}

/// What regions are asked for.
struct NameOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Category names, or a file of them; the pipeline's own without.",
      valueName: "names"))
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "Attributes to tell apart, as the names of categories are given, two or more.",
      valueName: "names"))
  var attributes: String?
}
