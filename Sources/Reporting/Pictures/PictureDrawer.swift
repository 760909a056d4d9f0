import Corpora
import Detection
import Images
import Support

/// Draws detections on photographs and writes the pictures. Safe to use from several threads.
struct PictureDrawer: Sendable {
  /// What becomes of a picture.
  enum Drawing: Sendable {
    case drawn(checksum: String)
    case unpictured(reason: String)
  }

  let picture: Picture
  /// Of the photographs.
  let source: ImageSource
  let limits: DecodeLimits

  /// Draws an image's picture unless it is there.
  ///
  /// - Parameters:
  ///   - name: of the image, in `source`.
  ///   - known: the checksum of the one that was there; nil takes what is there.
  /// - Throws: `InputError` for what is no fault of the image's: a full disk.
  func draw(
    _ detections: [Detection], on name: String, to path: String, known: String?
  ) throws -> Drawing {
    if Files.exists(path) {
      let found = "\(try Checksum(file: path))"
      if known == nil || known == found { return .drawn(checksum: found) }
    }
    do {
      let image = try Image.decode(
        source.read(name), name: source.place(of: name), orientation: .upright, limits: limits)
      try Files.createFolder(PathText.folder(of: path))
      try picture.write(detections, on: image, to: path)
      return .drawn(checksum: "\(try Checksum(file: path))")
    } catch let error as ImageError {
      return .unpictured(reason: "\(error.inputError)")
    } catch let error as InputError where error.kind != .tryAgain {
      return .unpictured(reason: "\(error)")
    }
  }
}
