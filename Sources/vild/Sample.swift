public import ArgumentParser
public import Emoji
import Stages
import Support

extension SceneStyle: ExpressibleByArgument {}

struct Sample: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Make a data set for open-vocabulary detection from Debian's emoji font.",
    discussion: """
      Draws scenes of up to 797 kinds of objects with boxes and masks, a long tail of rare \
      categories, and writes LVIS's JSON:

        train/, train.json   training images; rare categories in at most 10
        val/, val.json       validation images, all categories equally often
        val-<style>/         the same images in another style, for val.json too
        split.json           base and novel categories; the rare ones are novel

      The same options give the same bytes. Needs the packages fonts-noto-color-emoji, unicode-data \
      and unicode-cldr-core.
      """)

  @Option(
    help: ArgumentHelp(
      "Where to: a new folder, or one that is to be completed.", valueName: "folder"))
  var output: String

  @Option(help: ArgumentHelp("Training images.", valueName: "number"))
  var images = 1000

  @Option(help: ArgumentHelp("Validation images.", valueName: "number"))
  var val = 200

  @Option(
    help: ArgumentHelp(
      "How many categories, evenly of all groups; all without this option.", valueName: "number"))
  var categories: Int?

  @Option(help: ArgumentHelp("The longer side of the images.", valueName: "pixels"))
  var size = 320

  @Option(help: ArgumentHelp("Another number gives other scenes.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    name: .customLong("style"),
    help: ArgumentHelp(
      "Make the validation images in this style, too; may be given several times.",
      valueName: "style"))
  var styles: [SceneStyle] = []

  func validate() throws {
    func check(_ value: Int, _ allowed: ClosedRange<Int>, _ what: String) throws {
      guard allowed.contains(value) else {
        throw ValidationError("\(what): \(allowed.lowerBound) to \(allowed.upperBound)")
      }
    }
    try check(images, SampleParameters.allowedImages, "--images")
    try check(val, SampleParameters.allowedValidationImages, "--val")
    try check(size, SampleParameters.allowedSizes, "--size")
    if let categories, categories < SampleParameters.fewestCategories {
      throw ValidationError("--categories: at least \(SampleParameters.fewestCategories)")
    }
  }

  func run(on console: Console) throws {
    let parameters = SampleParameters(
      images: images, validationImages: val, categories: categories, size: size, seed: seed)
    try SampleStage(folder: output, parameters: parameters, styles: styles, report: console)
      .execute()
  }
}
