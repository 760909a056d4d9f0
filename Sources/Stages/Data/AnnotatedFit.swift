import Images
import Pipeline
import Support
import Synchronization

/// How well a data set's annotations fit its image files, gathered while these are read. Safe to use
/// from several threads.
final class AnnotatedFit: Sendable {
  /// Exceptions by the images' ids; each image counts once, however often it is read.
  private struct State {
    var turned = Set<Int>()
    var undecided = Set<Int>()
    var noted: [Int: String] = [:]
    var contradicting: [Int: ImageError] = [:]
    var said = Set<String>()
  }

  private let state = Mutex(State())
  private let orientation: AnnotatedOrientation
  private let limits: DecodeLimits

  init(_ data: DataConfiguration) {
    (orientation, limits) = (data.orientation, data.limits)
  }

  /// For annotations without a pipeline.
  init() { (orientation, limits) = (.auto, DecodeLimits()) }

  /// The pixels that the annotations of image `id` refer to.
  ///
  /// - Parameters:
  ///   - file: what was read from `path`.
  ///   - size: as annotated; nil where that is not known, and nothing is compared.
  func read(
    _ id: Int, _ file: ImageFile, at path: String, annotated size: (width: Int, height: Int)?
  ) throws(ImageError) -> Image.Decoded {
    do throws(ImageError) {
      let decoded = try file.decoded(path, limits: limits) { header throws(ImageError) in
        let policy = try self.orientation.policy(for: header, annotated: size, name: path)
        if self.orientation == .auto && policy == .upright {
          self.state.withLock { _ = $0.turned.insert(id) }
        } else if self.orientation.isUndecided(header) {
          self.state.withLock { _ = $0.undecided.insert(id) }
        }
        return policy
      }
      if let note = decoded.note { state.withLock { $0.noted[id] = "\(path) is \(note)" } }
      return decoded
    } catch {
      if error.reason == .otherSize { state.withLock { $0.contradicting[id] = error } }
      throw error
    }
  }

  /// Of images or boxes that cannot be used, so many are left out before they end a run: one in a
  /// hundred, or three where that is less.
  static func allowed(of total: Int) -> Int { max(3, total / 100) }

  /// - Parameters:
  ///   - total: of images.
  ///   - annotations: to name in errors.
  /// - Throws: `InputError` once too many files have another size than the annotations say.
  func check(of total: Int, annotations: String) throws(InputError) {
    let found = state.withLock { $0.contradicting }
    guard found.count > Self.allowed(of: total),
      let first = found.min(by: { $0.key < $1.key })?.value.inputError
    else { return }
    throw InputError(
      .badData,
      "\(found.count) of \(total.counted("image has", "images have")) another size than these "
        + "annotations say",
      at: annotations, expected: first.expected.map { "\($0) of \(first.place ?? "")" },
      got: first.got,
      hint: first.hint ?? "give the images that were annotated, or scale the boxes with the images")
  }

  /// Says what was found, each thing once.
  ///
  /// - Parameter notes: whether files that are odd are said too.
  func say(_ stage: String, _ report: Console, notes: Bool = true) {
    let lines = state.withLock { state in
      var lines: [String] = []
      if !state.turned.isEmpty {
        lines.append(
          state.turned.count.counted(
            "photograph is turned by its EXIF orientation: upright it has its",
            "photographs are turned by their EXIF orientation: upright they have their")
            + " annotated size (data.orientation: auto)")
      }
      if !state.undecided.isEmpty {
        lines.append(
          state.undecided.count.counted(
            "photograph with an EXIF orientation has its annotated size both ways and stays",
            "photographs with an EXIF orientation have their annotated size both ways and stay")
            + " as stored; data.orientation: upright turns all")
      }
      if notes, let first = state.noted.min(by: { $0.key < $1.key }) {
        lines.append("\(state.noted.count.oddImages): \(first.value)")
      }
      if !state.contradicting.isEmpty {
        let images = state.contradicting.count.counted("image has", "images have")
        lines.append("\(images) another size than annotated")
      }
      return lines.filter { state.said.insert($0).inserted }
    }
    for line in lines { report.say(stage, line) }
  }
}
