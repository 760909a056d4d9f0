import Cache
import Corpora
import Datasets
import Foundation
import Images
import Labelling
import Pipeline
import Regions
import Reporting
import Student
import Support
import Teacher
import Tensors

/// Finds the regions of a stored corpus that are most like a phrase, a picture or a part of one.
public struct SearchStage {
  /// What is searched for.
  public enum Query: Sendable {
    case phrase(String)
    /// The file of a picture, and a box in it in pixels; nil for all of it.
    case picture(String, x: Double, y: Double, width: Double, height: Double)
    case wholePicture(String)
  }

  private let detect: DetectStage
  private let query: Query
  private let top: Int
  private let perImage: Int?
  private let page: String?

  private static let name = "search"
  private var run: Run { detect.run }
  private var report: Console { detect.report }

  /// - Parameters:
  ///   - corpus, images, student: as `DetectStage` has them; 'vild detect' has stored the corpus.
  ///   - top: regions to find, at least 1.
  ///   - perImage: of an image at most, at least 1; nil for any number.
  ///   - page: the HTML file to write of them; nil for none.
  public init(
    _ chain: Chain, corpus: String, images: String?, student: String?, for query: Query, top: Int,
    perImage: Int? = nil, page: String?
  ) {
    (self.perImage, self.page) = (perImage, page)
    detect = DetectStage(
      chain, corpus: corpus, images: images, classes: nil, drawsPictures: false, student: student,
      regions: .store)
    (self.query, self.top) = (query, top)
  }

  /// Prints a JSON line for each region found, the best first.
  public func execute() throws {
    let images = try ImageCorpus(detect.corpus, images: detect.imageFolder)
    let (embedding, kind) = try embedded()
    let (store, reader) = try detect.opened(images, width: embedding.shape[1])
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: images.names.count, on: report)
    let hits = try RegionSearch(
      in: StoredImages(reader) { [source = images.source] in source.place(of: $0) },
      of: store.task.recipe, for: embedding, madeOf: kind, top: top,
      perImage: perImage, overlap: run.configuration.detection.nmsThreshold
    ).hits(in: images.names) { progress.advance() }
    progress.finish()
    for (index, hit) in hits.enumerated() {
      let line = try JSONDocument.line(Line(hit, rank: index + 1))
      try StandardOutput.print(String(decoding: line, as: UTF8.self))
    }
    if let page { try write(hits, of: images, to: page) }
  }

  private func write(
    _ hits: [RegionSearch.Hit], of images: ImageCorpus, to output: String
  ) throws {
    let made = SearchPage(
      hits.map { .init(image: $0.name, box: $0.region.box, score: $0.score) }, in: images.source,
      limits: run.configuration.data.limits,
      .init(
        query: words, corpus: detect.corpus,
        command: CommandLine.arguments.map(\.shellWord).joined(separator: " ")))
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: made.images, on: report)
    let (missing, first) = try made.write(to: output) { progress.advance(failures: $0 ? 1 : 0) }
    progress.finish()
    if let first {
      report.warn(
        Self.name,
        "\(missing.counted("image is", "images are")) not shown, the first of them: \(first)")
    }
    report.say(
      Self.name,
      "wrote \(output)"
        + (hits.count > SearchPage.most ? ", the first \(SearchPage.most) of the regions" : ""))
  }

  /// What is searched for, as the page says it.
  private var words: String {
    switch query {
    case .phrase(let phrase): phrase
    case .wholePicture(let path): path
    case .picture(let path, let x, let y, let width, let height):
      "\(path) at \(x), \(y), \(width), \(height)"
    }
  }

  /// A region that was found (`schemas/search.schema.json`).
  private struct Line: Encodable {
    let rank: Int
    let score: Float
    let image: String
    /// x, y, width, height in pixels.
    let bbox: [Float]
    let objectness: Float

    init(_ hit: RegionSearch.Hit, rank: Int) {
      let box = hit.region.box
      (self.rank, score, image) = (rank, hit.score, hit.name)
      bbox = [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0]
      objectness = hit.region.score
    }
  }

  /// The teacher's embedding of what is searched for, [1, D].
  private func embedded() throws -> (Tensor, RegionSearch.Query) {
    let teacher = try detect.chain.teacher()
    switch query {
    case .phrase(let phrase):
      let names = try teacher.embeddings(of: [run.configuration.data.worded(CategoryName(phrase))])
      return (names.embeddings, .text)
    case .wholePicture(let path):
      return (try embedding(of: path, teacher) { $0 }, .picture)
    case .picture(let path, let x, let y, let width, let height):
      let box = Box(x0: Float(x), y0: Float(y), x1: Float(x + width), y1: Float(y + height))
      return (try embedding(of: path, teacher) { box.clipped(to: $0) }, .picture)
    }
  }

  /// - Parameter part: the box to look at in a picture with this one around it.
  private func embedding(
    of path: String, _ teacher: TeacherStage, _ part: (Box) -> Box
  ) throws -> Tensor {
    let image: Image
    do throws(ImageError) {
      let limits = run.configuration.data.limits
      image = try ImageFile(path).decoded(path, limits: limits) { _ in .upright }.image
    } catch {
      throw error.inputError
    }
    let whole = Box(x0: 0, y0: 0, x1: Float(image.width), y1: Float(image.height))
    let box = part(whole)
    guard !box.isEmpty else {
      throw InputError(
        .usage, "the box has no area in the picture", at: path,
        expected: "x, y, width, height within \(image.width) x \(image.height)")
    }
    let embedder = teacher.embedder(try teacher.load())
    let found = embedder.embed(image, [Region(box: box, score: 1)])
    guard found.isFinite else { throw InputError.notFinite("the picture's embedding").at(path) }
    return Tensor(embeddingsOf: [found], width: embedder.teacher.width)
  }
}

extension Box {
  fileprivate func clipped(to other: Box) -> Box {
    clipped(toWidth: other.x1, height: other.y1)
  }
}
