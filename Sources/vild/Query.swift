import ArgumentParser
import Stages
import Support

struct Query: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Label a stored corpus with other names; no detector runs.",
    discussion: """
      Finds detections among the regions that 'vild detect' stored of the corpus, and writes the same \
      files: the results are those of 'vild detect' with these names. No image is read, unless \
      pictures are drawn; an image that the store lacks is an error.
      """)

  @OptionGroup var options: RunOptions

  @OptionGroup var given: CorpusOptions

  @OptionGroup var asked: NameOptions

  @Flag(inversion: .prefixedNo, help: "Draw the detections on copies of the images.")
  var pictures = false

  func run(on console: Console) throws {
    try DetectStage(
      options.chain(on: console), corpus: given.corpus, images: given.images,
      classes: asked.classes, attributes: asked.attributes, drawsPictures: pictures,
      student: given.student, regions: .store
    ).execute()
  }
}
