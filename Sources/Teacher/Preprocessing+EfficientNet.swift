import Foundation
import Images
public import Support

extension Preprocessing {
  /// What a published folder's `preprocessor_config.json`, or the `image_processor` in its
  /// `processor_config.json`, says; without them what ALIGN's authors do, as
  /// `TeacherFolder.assumption` then tells: levels become -1...1.
  ///
  /// - Parameter imageSize: S, where there is no such file.
  /// - Throws: `InputError` as `init(efficientNet:)`.
  public static func align(folder: String, imageSize: Int) throws(InputError) -> Preprocessing {
    if let path = ImageProcessorFile.path(in: folder) {
      return try Preprocessing(efficientNet: path)
    }
    return Preprocessing(
      size: imageSize, mean: .init(repeating: 127.5), standardDeviation: .init(repeating: 127.5),
      filter: .bilinear)
  }

  /// Reads the `preprocessor_config.json` of Hugging Face's EfficientNetImageProcessor, which is
  /// ALIGN's; a key that is not there has the value it has there.
  ///
  /// The size is that of what enters the tower: of the centre crop where one is taken, else what
  /// pictures are resized to. All of the arithmetic on levels, the offset and the second division
  /// by the deviation included, becomes one mean and one deviation.
  /// - Throws: `InputError` for a file that is missing or asks for what there is not.
  public init(efficientNet path: String) throws(InputError) {
    let published = try EfficientNetProcessor.read(path)
    let resized = try published.side(.size, at: path)
    let isCropped = published.doCenterCrop ?? false
    let side = isCropped ? try published.side(.cropSize, at: path) : resized
    guard side <= resized, published.doResize ?? true else {
      throw InputError(
        .badData, "nothing to cut the centre out of", at: path,
        expected: "do_resize and a size of \(side) or more", got: "\(resized)")
    }
    self.init(
      size: side, mean: .zero, standardDeviation: .one, filter: try published.filter(at: path),
      fit: isCropped ? .squashedCentre : .squash, shortSide: isCropped ? resized : nil)
    let deviations = try published.channels(.imageStd, at: path)
    let means = try published.channels(.imageMean, at: path)
    for channel in 0..<3 {
      // What happens to a level, as `factor * level + offset`.
      var (factor, offset) = (1.0, 0.0)
      if published.doRescale ?? true {
        factor = published.rescaleFactor ?? 1 / 255
        offset = published.rescaleOffset ?? false ? -1 : 0
      }
      if published.doNormalize ?? true {
        factor /= deviations[channel]
        offset = (offset - means[channel]) / deviations[channel]
      }
      if published.includeTop ?? true {
        factor /= deviations[channel]
        offset /= deviations[channel]
      }
      mean[channel] = Float(-offset / factor)
      standardDeviation[channel] = Float(1 / factor)
      guard isFinite, standardDeviation[channel].isNormal else {
        throw InputError(
          .badData, "levels cannot be rescaled and normalised like this", at: path,
          got: "level x \(factor) + \(offset)")
      }
    }
  }
}

/// The keys of the file.
private struct EfficientNetProcessor: Decodable {
  var imageProcessorType: String?
  var doResize, doCenterCrop, doRescale, doNormalize, rescaleOffset, includeTop: Bool?
  var size, cropSize: [String: Int?]?
  var resample: Int?
  var rescaleFactor: Double?
  var imageMean, imageStd: [Double]?

  /// Those that are checked by name.
  enum Key: String {
    case size
    case cropSize = "crop_size"
    case imageMean = "image_mean"
    case imageStd = "image_std"
  }

  static func read(_ path: String) throws(InputError) -> EfficientNetProcessor {
    let data = try Files.read(path)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let published = ImageProcessorFile.read(Self.self, from: data, with: decoder) else {
      throw InputError(.badData, "not an image processor's configuration", at: path)
    }
    let type = published.imageProcessorType ?? "EfficientNetImageProcessor"
    guard type.hasPrefix("EfficientNetImageProcessor") else {
      throw InputError(
        .badData, "unusable 'image_processor_type'", at: path,
        expected: "EfficientNetImageProcessor", got: type)
    }
    return published
  }

  func side(_ key: Key, at path: String) throws(InputError) -> Int {
    let sides = (key == .size ? size : cropSize)?.compactMapValues(\.self)
    let usual = key == .size ? 346 : 289
    let (height, width) =
      sides.map { ($0["height"], $0["width"]) } ?? (usual, usual)
    guard let height, height == width, 32...4096 ~= height else {
      throw InputError(
        .badData, "unusable '\(key.rawValue)'", at: path,
        expected: "equal height and width in 32...4096", got: sides.map { "\($0)" })
    }
    return height
  }

  func channels(_ key: Key, at path: String) throws(InputError) -> [Double] {
    let values = (key == .imageMean ? imageMean : imageStd) ?? [0.5, 0.5, 0.5]
    guard values.count == 3, values.allSatisfy({ key == .imageMean || $0 > 0 }) else {
      throw InputError(
        .badData, "unusable '\(key.rawValue)'", at: path,
        expected: key == .imageMean ? "3 numbers" : "3 numbers above 0", got: "\(values)")
    }
    return values
  }

  /// Pillow's numbers.
  func filter(at path: String) throws(InputError) -> ResizeFilter {
    switch resample ?? 3 {
    case 2: return .bilinear
    case 3: return .bicubic
    case let other:
      throw InputError(
        .badData, "unusable 'resample'", at: path, expected: "2 (bilinear) or 3 (bicubic)",
        got: "\(other)")
    }
  }
}
