import CImageCodecs
public import Foundation

extension Image {
  /// An image with what its file says of itself.
  public struct Decoded: Sendable {
    /// Turned as asked.
    public let image: Image
    /// Of the file.
    public let header: ImageHeader
    /// What is odd about a file all of whose pixels are there: "a jpeg with 2 bytes between the pixels
    /// and the end mark"; nil for most.
    public let note: String?
  }

  /// Decodes a JPEG, PNG, WebP or GIF, told apart by content; of an animation, the first picture.
  ///
  /// Grey, palette, CMYK and 16-bit images become 8-bit RGB; transparency goes over white. An image
  /// whose pixels are damaged or cut short is an error, never half an image; what is wrong elsewhere
  /// in the file is a note (`decoded`).
  /// - Parameters:
  ///   - name: stands for the image in errors, usually its path.
  ///   - orientation: `stored` for annotated data sets, `upright` for corpora.
  ///   - limits: checked against the header, before memory is taken.
  /// - Throws: `ImageError` (`tooLarge`, `unsupported`, `corrupt`).
  public static func decode(
    _ data: Data, name: String, orientation: OrientationPolicy, limits: DecodeLimits = .init()
  ) throws(ImageError) -> Image {
    try decoded(data, name: name, limits: limits) { _ in orientation }.image
  }

  /// Reads and decodes the file at `path`.
  ///
  /// - Throws: `ImageError` (`missing`, `tooLarge`, `unsupported`, `corrupt`).
  public static func read(
    _ path: String, orientation: OrientationPolicy, limits: DecodeLimits = .init()
  ) throws(ImageError) -> Image {
    try decode(fileContents(path), name: path, orientation: orientation, limits: limits)
  }

  /// Decodes a JPEG, PNG, WebP or GIF, turned as `orientation` wants of its header.
  ///
  /// - Throws: `ImageError` (`tooLarge`, `unsupported`, `corrupt`), and what `orientation` throws.
  public static func decoded(
    _ data: Data, name: String, limits: DecodeLimits = .init(),
    orientation: (ImageHeader) throws(ImageError) -> OrientationPolicy
  ) throws(ImageError) -> Decoded {
    let header = try ImageHeader(data, name: name)
    let policy = try orientation(header)
    try limits.check(header, name: name)
    let (stored, note) = try pixels(of: data, header, name: name)
    return Decoded(
      image: policy == .upright ? stored.upright(from: header.orientation) : stored,
      header: header, note: note.map { "a \(header.format) with \($0)" })
  }

  private static func pixels(
    of data: Data, _ header: ImageHeader, name: String
  ) throws(ImageError) -> (Image, note: String?) {
    let decode =
      switch header.format {
      case .jpeg: image_decode_jpeg
      case .png: image_decode_png
      case .webp: image_decode_webp
      case .gif: image_decode_gif
      }
    let count = header.width * header.height * 3
    var outcome = CodecOutcome(status: IMAGE_OK, message: "")
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { output, filled in
      outcome = data.withUnsafeBytes { (input: UnsafeRawBufferPointer) in
        CodecOutcome { message in
          decode(
            input.bindMemory(to: UInt8.self).baseAddress, input.count, UInt32(header.width),
            UInt32(header.height), output.baseAddress, message)
        }
      }
      filled = outcome.status == IMAGE_OK ? count : 0
    }
    try outcome.check(name: name, format: header.format)
    return (
      Image(width: header.width, height: header.height, pixels: pixels),
      outcome.message.isEmpty ? nil : outcome.message
    )
  }
}

/// What the C side answered.
struct CodecOutcome {
  let status: image_status
  let message: String

  init(status: image_status, message: String) {
    self.status = status
    self.message = message
  }

  init(_ call: (UnsafeMutablePointer<CChar>?) -> image_status) {
    var text = [CChar](repeating: 0, count: Int(IMAGE_MESSAGE_SIZE))
    status = text.withUnsafeMutableBufferPointer { call($0.baseAddress) }
    message = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  func check(name: String, format: ImageHeader.Format) throws(ImageError) {
    switch status {
    case IMAGE_OK: return
    case IMAGE_UNSUPPORTED:
      throw ImageError(.unsupported, "a kind of \(format) not read here", at: name, got: message)
    case IMAGE_OUT_OF_MEMORY:
      throw ImageError(.tooLarge, "not enough memory for the image", at: name, got: message)
    default: throw ImageError(.corrupt, "a damaged \(format)", at: name, got: message)
    }
  }
}
