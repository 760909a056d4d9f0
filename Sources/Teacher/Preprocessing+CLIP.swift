import Foundation
import Images
import Networks
public import Support

extension Preprocessing {
  /// What CLIP's authors do with images: the mean and deviation of their photographs, a centre crop.
  ///
  /// - Parameter size: S, the image tower's.
  public static func clip(size: Int) -> Preprocessing {
    let file = ProcessorFile()
    return Preprocessing(
      size: size, mean: file.levels(file.mean), standardDeviation: file.levels(file.deviation),
      fit: .centreCrop)
  }

  /// What a published folder's `preprocessor_config.json`, the `image_processor` in its
  /// `processor_config.json`, or its `open_clip_config.json` says; without them what CLIP's authors do,
  /// as `TeacherFolder.assumption` then tells.
  ///
  /// - Throws: `InputError` as `init(clip:imageSize:)`.
  public static func clip(folder: String, imageSize: Int) throws(InputError) -> Preprocessing {
    if OpenCLIP.isForm(of: folder) {
      return try Preprocessing(
        openCLIP: "\(folder)/\(OpenCLIP.configurationFile)", size: imageSize)
    }
    guard let path = ImageProcessorFile.path(in: folder) else { return .clip(size: imageSize) }
    return try Preprocessing(clip: path, imageSize: imageSize)
  }

  /// Reads `preprocessor_config.json` of Hugging Face's CLIP processor, or `processor_config.json`;
  /// missing keys have the values it gives them.
  ///
  /// - Parameter imageSize: S, the image tower's.
  /// - Throws: `InputError` for a file that is missing or unreadable, asks for something that is not
  ///   supported, or gives images of another size than the tower takes.
  public init(clip path: String, imageSize: Int) throws(InputError) {
    let data = try Files.read(path)
    guard let file = ImageProcessorFile.read(ProcessorFile.self, from: data) else {
      let name = (path as NSString).lastPathComponent
      throw InputError(.badData, "not CLIP's \(name)", at: path)
    }
    func require(
      _ holds: Bool, _ key: String, _ expected: String, _ got: some CustomStringConvertible
    ) throws(InputError) {
      guard !holds else { return }
      throw InputError(
        .badData, "unusable '\(key)'", at: path, expected: expected, got: "\(got)")
    }
    let type = file.image_processor_type ?? file.feature_extractor_type ?? "CLIP"
    try require(type.hasPrefix("CLIP"), "image_processor_type", "CLIPImageProcessor", type)
    try require(file.do_resize ?? true, "do_resize", "true", false)
    let filters: [Int: ResizeFilter] = [2: .bilinear, 3: .bicubic]
    let filter = filters[file.resample ?? 3]
    try require(
      filter != nil, "resample", "2 (bilinear) or 3 (bicubic)", file.resample ?? 3)
    let factor = file.factor
    try require(factor.isNormal && factor > 0, "rescale_factor", "above 0", factor)
    try require(
      file.mean.count == 3 && file.mean.allSatisfy(\.isFinite), "image_mean", "3 numbers",
      file.mean)
    try require(
      file.deviation.count == 3 && file.deviation.allSatisfy { $0.isNormal && $0 > 0 },
      "image_std", "3 numbers above 0", file.deviation)

    let (size, crop) = (file.size ?? .shortestEdge(224), file.crop_size ?? .square(224))
    let isCropped = file.do_center_crop ?? true
    let side = isCropped ? crop.side : size.side
    try require(
      side == imageSize, isCropped ? "crop_size" : "size", "the tower's image_size, \(imageSize)",
      side)
    var (fit, shortSide) = (Fit.squash, Int?.none)
    if case .shortestEdge(let edge) = size, isCropped {
      try require(imageSize...4096 ~= edge, "size", "\(imageSize)...4096", edge)
      (fit, shortSide) = (.centreCrop, edge == imageSize ? nil : edge)
    } else {
      try require(size.side == imageSize, "size", "the crop_size, \(imageSize)", size.side)
    }
    self.init(
      size: imageSize, mean: file.levels(file.mean), standardDeviation: file.levels(file.deviation),
      filter: filter ?? .bicubic, fit: fit, shortSide: shortSide)
    try require(
      isFinite, "image_mean' or 'image_std", "levels that stay finite in float32",
      "\(file.mean), \(file.deviation)")
  }
}

/// The keys of the file, under their own names.
private struct ProcessorFile: Decodable {
  /// A side: a number alone, that of the shortest edge, or height and width.
  enum Side: Decodable {
    case shortestEdge(Int)
    case square(Int)

    var side: Int {
      switch self {
      case .shortestEdge(let side), .square(let side): side
      }
    }

    init(from decoder: any Decoder) throws {
      if let number = try? decoder.singleValueContainer().decode(Int.self) {
        self = .shortestEdge(number)
        return
      }
      let sides = try decoder.singleValueContainer().decode([String: Int?].self)
        .compactMapValues(\.self)
      if let edge = sides["shortest_edge"], sides.count == 1 {
        self = .shortestEdge(edge)
      } else if let height = sides["height"], height == sides["width"] {
        self = .square(height)
      } else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "neither an edge nor a square"))
      }
    }
  }

  var image_processor_type, feature_extractor_type: String?
  var do_resize, do_center_crop, do_rescale, do_normalize: Bool?
  var size, crop_size: Side?
  var resample: Int?
  var rescale_factor: Double?
  var image_mean, image_std: [Double]?

  /// What a level is multiplied by before it is normalised.
  var factor: Double { do_rescale ?? true ? rescale_factor ?? 1 / 255 : 1 }

  var mean: [Double] {
    do_normalize ?? true ? image_mean ?? [0.481_454_66, 0.457_827_5, 0.408_210_73] : [0, 0, 0]
  }

  var deviation: [Double] {
    do_normalize ?? true ? image_std ?? [0.268_629_54, 0.261_302_58, 0.275_777_11] : [1, 1, 1]
  }

  /// In levels of 0...255.
  func levels(_ values: [Double]) -> SIMD3<Float> {
    SIMD3(Float(values[0] / factor), Float(values[1] / factor), Float(values[2] / factor))
  }
}
