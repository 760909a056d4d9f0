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

  @OptionGroup var chosen: StudentOption

  var student: String? { chosen.student }
}

/// By which student.
struct StudentOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Use this student instead of the pipeline's: the file of a finished one, or a checkpoint of \
      one in training, or its folder.
      """, valueName: "student"))
  var student: String?
}

/// Which categories.
struct ClassesOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Category names, or a file of them; the pipeline's own without.",
      valueName: "names"))
  var classes: String?
}

/// What regions are asked for.
struct NameOptions: ParsableArguments {
  @OptionGroup var categories: ClassesOption

  var classes: String? { categories.classes }

  @Option(
    help: ArgumentHelp(
      "Attributes to tell apart, as the names of categories are given, two or more.",
      valueName: "names"))
  var attributes: String?
}
