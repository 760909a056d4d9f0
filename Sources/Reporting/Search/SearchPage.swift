public import Corpora
import Foundation
public import Images
public import Regions
import Support

/// The regions that a search found as one HTML file that needs nothing else: their crops, scores and
/// file names, the best first.
public struct SearchPage: Sendable {
  /// A region that was found.
  public struct Found: Sendable {
    /// In the images' source.
    public var image: String
    /// In pixels.
    public var box: Box
    public var score: Float

    public init(image: String, box: Box, score: Float) {
      (self.image, self.box, self.score) = (image, box, score)
    }
  }

  /// What the page says of the search.
  public struct Words: Sendable {
    /// What was searched for, and where.
    public var query: String
    public var corpus: String
    /// What makes the page again.
    public var command: String

    public init(query: String, corpus: String, command: String) {
      (self.query, self.corpus, self.command) = (query, corpus, command)
    }
  }

  /// Regions in a page at most: some 5 MB.
  public static let most = 500
  /// Of a crop, the longer one, in pixels.
  private static let side = 192
  /// How much larger than its box a crop is, so that it can be told what is around it.
  private static let margin: Float = 1.25

  private let found: [Found]
  private let source: ImageSource
  private let limits: DecodeLimits
  private let words: Words

  /// - Parameter found: the best first; the first `most` are shown.
  public init(
    _ found: [Found], in source: ImageSource, limits: DecodeLimits, _ words: Words
  ) {
    self.found = Array(found.prefix(Self.most))
    (self.source, self.limits, self.words) = (source, limits, words)
  }

  /// A crop, or why there is none.
  private typealias Crop = (place: Int, picture: Result<Data, ImageError>)

  /// Reads each image once. One that cannot be had is shown as such.
  ///
  /// - Returns: why the first of the images that cannot be had could not, and how many there are.
  /// - Throws: `InputError` for a page that cannot be written; `Stopped` after a signal.
  public func write(
    to output: String, advance: (_ isMissing: Bool) -> Void = { _ in }
  ) throws -> (missing: Int, first: String?) {
    var crops: [HTML] = Array(repeating: .nothing, count: found.count)
    var (missing, first): (Int, String?) = (0, nil)
    let line = WorkLine<[Int], [Crop], any Error> { cut($0) }
    var groups = self.groups.makeIterator()
    try line.run(next: { groups.next() }) { group in
      for (place, picture) in group { crops[place] = figure(place, picture) }
      if case .failure(let error)? = group.first?.picture {
        missing += 1
        first = first ?? "\(error.inputError)"
        advance(true)
      } else {
        advance(false)
      }
    }
    let file = try PartFile(path: output)
    try file.write(page(crops).text)
    try file.publish()
    return (missing, first)
  }

  /// How many images are read.
  public var images: Int { groups.count }

  /// The places of the regions of each image.
  private var groups: [[Int]] {
    Dictionary(grouping: found.indices, by: { found[$0].image }).values.sorted { $0[0] < $1[0] }
  }

  private func cut(_ places: [Int]) -> [Crop] {
    let name = found[places[0]].image
    do throws(ImageError) {
      let file = try ImageFile(source.stamp(of: name)) { () throws(InputError) in
        try source.read(name)
      }
      let image = try file.decoded(source.place(of: name), limits: limits) { _ in .upright }.image
      return places.map { place in
        let rect = PixelRect(
          found[place].box.scaled(by: Self.margin), width: image.width, height: image.height)
        let crop = image.reducedCrop(rect, to: Self.side)
        return (place, .success(crop.jpegData(quality: 80)))
      }
    } catch {
      return places.map { ($0, .failure(error)) }
    }
  }

  private func figure(_ place: Int, _ picture: Result<Data, ImageError>) -> HTML {
    let region = found[place]
    let box = region.box.xywh.map { "\(Int($0.rounded()))" }.joined(separator: ", ")
    let crop: HTML =
      switch picture {
      case .success(let jpeg):
        """
        <img src="data:image/jpeg;base64,\(HTML(raw: jpeg.base64EncodedString()))" \
        alt="Region \(place + 1)" loading="lazy">
        """
      case .failure(let error):
        "<p class=\"unreadable\">\("\(error.inputError)".shown(160))</p>"
      }
    return """
      <figure class="found">
      \(crop)
      <figcaption><b>\(place + 1)</b> \(String(format: "%.3f", region.score))<br>\
      <span class="file">\(region.image.shown(120, fromEnd: true))</span><br>\
      <span class="box">\(box)</span></figcaption>
      </figure>

      """
  }

  private func page(_ crops: [HTML]) -> HTML {
    """
    \(HTML.head(title: "\(words.query) - search", style: ReportPage.style + Self.style))
    <body>
    <main>
    <h1>\(words.query)</h1>
    <p>The \(found.count.counted("region")) of \(words.corpus) that are most like it, the most similar \
    first: rank, cosine similarity, file, and x, y, width, height in pixels.</p>
    <div class="found">
    \(HTML(crops))</div>
    <p class="made">Made by <code>\(words.command)</code></p>
    </main>
    </body>
    </html>

    """
  }

  private static let style = """
    div.found { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
    figure.found { margin: 0; font-size: .82rem; overflow-wrap: anywhere; }
    figure.found img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain;
      background: var(--tint); }
    figure.found .file, figure.found .box { color: var(--quiet); }

    """
}
