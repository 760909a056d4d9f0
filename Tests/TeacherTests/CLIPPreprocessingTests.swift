import Foundation
import Images
import Regions
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct CLIPPreprocessingTests {
  private func read(_ text: String, imageSize: Int) throws -> Preprocessing {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/preprocessor_config.json")
      return try Preprocessing.clip(folder: folder, imageSize: imageSize)
    }
  }

  /// Whole images of awkward shapes, and the same as crops of a larger image.
  @Test(arguments: [0, 3]) func pixelsAreThoseOfTransformers(margin: Int) throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/clip-pixels.safetensors"))
    let data = try Files.read(fixture("Goldens/clip-pixels.json"))
    let processors = try #require(
      try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    var number = 0
    for processor in processors {
      let text = try JSONSerialization.data(withJSONObject: try #require(processor["processor"]))
      let preprocessing = try read(String(decoding: text, as: UTF8.self), imageSize: 12)
      for size in try #require(processor["sizes"] as? [[Int]]) {
        let (width, height) = (size[0], size[1])
        let levels = try golden.integers("\(number).image").map { UInt8($0) }
        var image = Image(width: width + 2 * margin, height: height + 2 * margin)
        for y in 0..<height {
          for x in 0..<width {
            let at = (y * width + x) * 3
            image[x + margin, y + margin] = Color(levels[at], levels[at + 1], levels[at + 2])
          }
        }
        let crop = PixelRect(x0: margin, y0: margin, x1: margin + width, y1: margin + height)
        let pixels = preprocessing.pixels(of: [crop], in: image)
        let expected = try golden.tensor("\(number).pixels", shape: [12, 12, 3]).array
        let worst = zip(pixels.array, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst < 2e-6, "\(width)x\(height), \(processor)")
        number += 1
      }
    }
    #expect(number == 36)
  }

  /// The long side would have 224 x 60,000 / 1 pixels.
  @Test func anElongatedCropCostsNoMoreThanItsMiddle() {
    let image = Image(width: 60_000, height: 1, filledWith: Color(9, 99, 199))
    var preprocessing = Preprocessing.clip(size: 224)
    (preprocessing.mean, preprocessing.standardDeviation) = (.zero, .one)
    let pixels = preprocessing.pixels(of: [image.bounds], in: image)
    #expect(pixels.array == (0..<224 * 224).flatMap { _ in [9, 99, 199] as [Float] })
  }

  @Test func aFolderWithoutTheFileHasTheStandardOne() throws {
    let standard = try withTemporaryFolder { try Preprocessing.clip(folder: $0, imageSize: 336) }
    #expect(standard == Preprocessing.clip(size: 336))
    #expect(standard.size == 336 && standard.fit == .centreCrop && standard.filter == .bicubic)
    #expect(try read("{}", imageSize: 224) == Preprocessing.clip(size: 224))
  }

  @Test func theLongerShortSideIsKept() throws {
    let found = try read(#"{"size": {"shortest_edge": 256}}"#, imageSize: 224)
    #expect(found.shortSide == 256 && found.size == 224 && found.fit == .centreCrop)
    let plain = try read(#"{"do_center_crop": false, "size": 224}"#, imageSize: 224)
    #expect(plain.fit == .squash && plain.shortSide == nil)
  }

  @Test(arguments: [
    ("[1]", "not CLIP's preprocessor_config.json"),
    (#"{"size": {"longest_edge": 224}}"#, "not CLIP's preprocessor_config.json"),
    (#"{"crop_size": {"height": 224, "width": 112}}"#, "not CLIP's preprocessor_config.json"),
    (#"{"resample": 1}"#, "unusable 'resample'"),
    (#"{"crop_size": 336, "size": 336}"#, "unusable 'crop_size'"),
    (#"{"size": 112}"#, "unusable 'size'"),
    (#"{"size": {"height": 256, "width": 256}}"#, "unusable 'size'"),
    (#"{"image_mean": [0.5]}"#, "unusable 'image_mean'"),
    (#"{"image_std": [0.5, 0, 1]}"#, "unusable 'image_std'"),
    (#"{"rescale_factor": 0}"#, "unusable 'rescale_factor'"),
    (#"{"image_std": [1e-300, 1, 1]}"#, "unusable 'image_mean' or 'image_std'"),
    (
      #"{"image_mean": [1e30, 0, 0], "rescale_factor": 1e-30}"#,
      "unusable 'image_mean' or 'image_std'"
    ),
    (#"{"do_resize": false}"#, "unusable 'do_resize'"),
    (#"{"image_processor_type": "ViTImageProcessor"}"#, "unusable 'image_processor_type'"),
  ])
  func whatIsNotSupportedIsNamed(text: String, what: String) {
    let error = #expect(throws: InputError.self) { try read(text, imageSize: 224) }
    #expect(error?.what == what && error?.kind == .badData)
    #expect(error?.place?.hasSuffix("preprocessor_config.json") == true)
  }
}
