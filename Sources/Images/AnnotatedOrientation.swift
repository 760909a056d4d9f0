import Support

/// Which way round the boxes of an annotated data set are meant, where photographs say by EXIF how the
/// camera was held.
public enum AnnotatedOrientation: String, Codable, Sendable, CaseIterable {
  /// As the annotated size of each image tells; as stored where it fits both ways or is not known.
  case auto
  /// On the pixels as they are stored.
  case stored
  /// On the picture as it is meant to be seen.
  case upright

  /// How an image is to be turned for its boxes.
  ///
  /// - Parameters:
  ///   - size: as annotated, in pixels; nil where it is not known, and nothing is compared.
  ///   - name: stands for the image in errors, usually its path.
  /// - Throws: `ImageError` (`otherSize`) where the file's size is not the annotated one.
  public func policy(
    for header: ImageHeader, annotated size: (width: Int, height: Int)?, name: String
  ) throws(ImageError) -> OrientationPolicy {
    guard let size else { return self == .upright ? .upright : .stored }
    let policies: [OrientationPolicy] =
      switch self {
      case .auto: [.stored, .upright]
      case .stored: [.stored]
      case .upright: [.upright]
      }
    if let policy = policies.first(where: { header.size($0) == size }) { return policy }
    let turns: [OrientationPolicy] = [.stored, .upright]
    let found = header.size(policies[0])
    throw ImageError(
      .otherSize,
      InputError(
        .badData, "the image's size is not the annotated one", at: name,
        expected: "\(size.width) x \(size.height)", got: "\(found.width) x \(found.height)",
        hint: turns.contains { header.size($0) == size }
          ? "it fits the other way round; set data.orientation to auto" : nil))
  }

  /// Version of the rules by which files become the pixels that boxes are meant on: every pixel is
  /// decoded, none of JPEG's scaled decoding, and turned as this says. A rule that changes gets a
  /// number that none had.
  public var decodePolicy: Int {
    switch self {
    case .auto: 1
    case .stored: 2
    case .upright: 3
    }
  }

  /// Whether an image that says how the camera was held fits its annotated size both ways, so that
  /// `auto` cannot tell.
  public func isUndecided(_ header: ImageHeader) -> Bool {
    self == .auto && header.orientation != .upright
      && header.size(.stored) == header.size(.upright)
  }
}
