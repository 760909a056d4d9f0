import ArgumentParser
import Stages
import Support

struct Search: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Find the regions of a stored corpus that are most like a phrase or a picture.",
    discussion: """
      Looks at every region that 'vild detect' stored of the corpus; no detector runs. The score of a \
      region is the cosine of its embedding and the teacher's of the phrase, as the pipeline file puts \
      it into sentences, or of the picture. Of regions of an image that overlap by more than \
      detection.nms_threshold the best counts. Prints JSON lines, the best first.
      """)

  @Argument(help: ArgumentHelp("What to look for, such as 'red umbrella'.", valueName: "phrase"))
  var phrase: String?

  @OptionGroup var options: RunOptions

  @OptionGroup var given: CorpusOptions

  @Option(help: ArgumentHelp("Look for what is in this picture.", valueName: "file"))
  var image: String?

  @Option(
    help: ArgumentHelp(
      "With --image: look for what is in this part of it, in pixels.", valueName: "x,y,w,h"))
  var box: String?

  @Option(help: ArgumentHelp("How many regions to find.", valueName: "count"))
  var top = 200

  @Option(
    help: ArgumentHelp(
      "How many of an image at most; 1 finds images (default: any number).", valueName: "count"))
  var perImage: Int?

  @Option(
    help: ArgumentHelp("Write an HTML page with the crops, too.", valueName: "file"))
  var page: String?

  func validate() throws {
    guard (phrase == nil) != (image == nil) else {
      throw ValidationError("a phrase, or a picture with --image")
    }
    if box != nil && image == nil { throw ValidationError("--box goes with --image") }
    if let box, Self.numbers(box) == nil {
      throw ValidationError("--box is x,y,width,height in pixels, as in 10,20,100,50")
    }
    guard 1...100_000 ~= top else { throw ValidationError("--top is 1 to 100000") }
    guard perImage ?? 1 > 0 else { throw ValidationError("--per-image is at least 1") }
    if let phrase, phrase.allSatisfy(\.isWhitespace) { throw ValidationError("an empty phrase") }
  }

  private static func numbers(_ box: String) -> [Double]? {
    let numbers = box.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    let given = numbers.compactMap(\.self)
    guard given.count == 4, numbers.count == 4, given.allSatisfy(\.isFinite), given[2] > 0,
      given[3] > 0
    else { return nil }
    return given
  }

  private var query: SearchStage.Query {
    guard let image else { return .phrase(phrase ?? "") }
    guard let box = box.flatMap(Self.numbers) else { return .wholePicture(image) }
    return .picture(image, x: box[0], y: box[1], width: box[2], height: box[3])
  }

  func run(on console: Console) throws {
    try SearchStage(
      options.chain(on: console), corpus: given.corpus, images: given.images,
      student: given.student, for: query, top: top,
      perImage: perImage, page: page
    ).execute()
  }
}
