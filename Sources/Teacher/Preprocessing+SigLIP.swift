import Foundation
import Images
public import Support

extension Preprocessing {
  /// What a published folder's `preprocessor_config.json`, or the `image_processor` in its
  /// `processor_config.json`, says; without them what SigLIP's authors do, as
  /// `TeacherFolder.assumption` then tells: whole pictures are squashed, levels become -1...1.
  ///
  /// - Parameter imageSize: S, the image tower's.
  /// - Throws: `InputError` as `init(siglip:imageSize:)`.
  public static func siglip(folder: String, imageSize: Int) throws(InputError) -> Preprocessing {
    if let path = ImageProcessorFile.path(in: folder) {
      return try Preprocessing(siglip: path, imageSize: imageSize)
    }
    return Preprocessing(
      size: imageSize, mean: .init(repeating: 127.5), standardDeviation: .init(repeating: 127.5))
  }

  /// Reads `preprocessor_config.json` of Hugging Face's SigLIP processor, or
  /// `processor_config.json`; missing keys have the values it gives them.
  ///
  /// - Parameter imageSize: S, the image tower's.
  /// - Throws: `InputError` for a file that is missing or unreadable, asks for something that is not
  ///   supported, or gives images of another size than the tower takes.
  public init(siglip path: String, imageSize: Int) throws(InputError) {
    let data = try Files.read(path)
    guard let file = ImageProcessorFile.read(ProcessorFile.self, from: data) else {
      let name = (path as NSString).lastPathComponent
      throw InputError(.badData, "not SigLIP's \(name)", at: path)
    }
    func require(
      _ holds: Bool, _ key: String, _ expected: String, _ got: some CustomStringConvertible
    ) throws(InputError) {
      guard !holds else { return }
      throw InputError(
        .badData, "unusable '\(key)'", at: path, expected: expected, got: "\(got)")
    }
    let type = file.image_processor_type ?? "SiglipImageProcessor"
    try require(
      type.hasPrefix("SiglipImageProcessor"), "image_processor_type", "SiglipImageProcessor", type)
    try require(file.do_resize ?? true, "do_resize", "true", false)
    try require(!(file.do_center_crop ?? false), "do_center_crop", "false", true)
    let sides = file.size?.sides ?? [224, 224]
    try require(
      sides == [imageSize, imageSize], "size", "the tower's image_size, \(imageSize)", sides)
    let filters: [Int: ResizeFilter] = [2: .bilinear, 3: .bicubic]
    let filter = filters[file.resample ?? 3]
    try require(filter != nil, "resample", "2 (bilinear) or 3 (bicubic)", file.resample ?? 3)
    let factor = file.do_rescale ?? true ? file.rescale_factor ?? 1 / 255 : 1
    try require(factor.isNormal && factor > 0, "rescale_factor", "above 0", factor)
    let normalizes = file.do_normalize ?? true
    let mean = normalizes ? file.image_mean ?? [0.5, 0.5, 0.5] : [0, 0, 0]
    let deviation = normalizes ? file.image_std ?? [0.5, 0.5, 0.5] : [1, 1, 1]
    try require(
      mean.count == 3 && mean.allSatisfy(\.isFinite), "image_mean", "3 numbers", mean)
    try require(
      deviation.count == 3 && deviation.allSatisfy { $0.isNormal && $0 > 0 }, "image_std",
      "3 numbers above 0", deviation)
    func levels(_ values: [Double]) -> SIMD3<Float> {
      SIMD3(Float(values[0] / factor), Float(values[1] / factor), Float(values[2] / factor))
    }
    self.init(
      size: imageSize, mean: levels(mean), standardDeviation: levels(deviation),
      filter: filter ?? .bicubic)
    try require(
      isFinite, "image_mean' or 'image_std", "levels that stay finite in float32",
      "\(mean), \(deviation)")
  }
}

/// The keys of the file, under their own names.
private struct ProcessorFile: Decodable {
  /// Height and width, or one number for both.
  struct Size: Decodable {
    var sides: [Int]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let side = try? container.decode(Int.self) {
        sides = [side, side]
        return
      }
      let named = try container.decode([String: Int?].self).compactMapValues(\.self)
      guard let height = named["height"], let width = named["width"] else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "neither a side nor height and width")
      }
      sides = [height, width]
    }
  }

  var image_processor_type: String?
  var do_resize, do_center_crop, do_rescale, do_normalize: Bool?
  var size: Size?
  var resample: Int?
  var rescale_factor: Double?
  var image_mean, image_std: [Double]?
}
