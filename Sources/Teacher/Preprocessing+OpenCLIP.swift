import Foundation
import Images
import Support

extension Preprocessing {
  /// Reads the `preprocess_cfg` of open_clip's `open_clip_config.json`; missing keys have the values
  /// that open_clip gives them.
  ///
  /// - Parameter size: S, the image tower's.
  /// - Throws: `InputError` for a file that is missing or unreadable, or asks for something that is
  ///   not supported.
  init(openCLIP path: String, size: Int) throws(InputError) {
    struct File: Decodable {
      struct Keys: Decodable {
        var mean: [Double]?
        var std: [Double]?
        var interpolation: String?
        var resize_mode: String?
      }
      var preprocess_cfg: Keys?
    }
    guard let file = try? JSONDecoder().decode(File.self, from: try Files.read(path)) else {
      throw InputError(
        .badData, "unusable 'preprocess_cfg'", at: path,
        expected: "mean, std, interpolation and resize_mode")
    }
    let keys = file.preprocess_cfg
    func require(
      _ holds: Bool, _ key: String, _ expected: String, _ got: String
    ) throws(InputError) {
      guard !holds else { return }
      throw InputError(
        .badData, "unusable 'preprocess_cfg.\(key)'", at: path, expected: expected, got: got)
    }
    let standard = Preprocessing.clip(size: size)
    func levels(
      _ values: [Double]?, _ key: String, orElse other: SIMD3<Float>
    ) throws(InputError) -> SIMD3<Float> {
      guard let values else { return other }
      try require(
        values.count == 3 && values.allSatisfy { $0.isFinite && (key == "mean" || $0 > 0) }, key,
        key == "mean" ? "3 numbers" : "3 numbers above 0", "\(values)")
      return SIMD3(Float(values[0] * 255), Float(values[1] * 255), Float(values[2] * 255))
    }
    let filters: [String: ResizeFilter] = ["bilinear": .bilinear, "bicubic": .bicubic]
    let (filter, fit) = (keys?.interpolation ?? "bicubic", keys?.resize_mode ?? "shortest")
    let fits: [String: Fit] = ["shortest": .centreCrop, "squash": .squash]
    try require(filters[filter] != nil, "interpolation", "bilinear or bicubic", filter)
    try require(fits[fit] != nil, "resize_mode", "shortest or squash", fit)
    self.init(
      size: size, mean: try levels(keys?.mean, "mean", orElse: standard.mean),
      standardDeviation: try levels(keys?.std, "std", orElse: standard.standardDeviation),
      filter: filters[filter] ?? .bicubic, fit: fits[fit] ?? .centreCrop)
    try require(
      isFinite, "mean", "levels that stay finite in float32",
      "\(keys?.mean ?? []), std \(keys?.std ?? [])")
  }
}
