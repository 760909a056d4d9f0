import Foundation
import Images
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct ALIGNPreprocessingTests {
  private func read(_ text: String) throws -> Preprocessing {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/preprocessor_config.json")
      return try Preprocessing.align(folder: folder, imageSize: 289)
    }
  }

  @Test func pixelsAreThoseOfTransformers() throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/align-pixels.safetensors"))
    let data = try Files.read(fixture("Goldens/align-pixels.json"))
    let processors = try #require(
      try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    var number = 0
    for processor in processors {
      let text = try JSONSerialization.data(withJSONObject: try #require(processor["processor"]))
      let preprocessing = try read(String(decoding: text, as: UTF8.self))
      let side = preprocessing.size
      for size in try #require(processor["sizes"] as? [[Int]]) {
        let levels = try golden.integers("\(number).image").map { UInt8($0) }
        var image = Image(width: size[0], height: size[1])
        for y in 0..<size[1] {
          for x in 0..<size[0] {
            let at = (y * size[0] + x) * 3
            image[x, y] = Color(levels[at], levels[at + 1], levels[at + 2])
          }
        }
        let pixels = preprocessing.pixels(of: [image.bounds], in: image).array
        let expected = try golden.tensor("\(number).pixels", shape: [side, side, 3]).array
        let worst = zip(pixels, expected).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? 0
        #expect(worst < 2e-6, "\(size), \(processor)")
        number += 1
      }
    }
    #expect(number == 9)
  }

  /// As published for kakaobrain/align-base: levels become -1...1 in whichever way it is said.
  @Test func thePublishedArithmeticIsOneMeanAndOneDeviation() throws {
    let offset = try read(
      #"{"do_center_crop": true, "do_normalize": false, "include_top": false, "resample": 2,"#
        + #""rescale_factor": 0.00784313725490196, "rescale_offset": true}"#)
    let plain = try read(
      #"{"do_center_crop": true, "include_top": false, "resample": 2}"#)
    for found in [offset, plain] {
      #expect(found.size == 289 && found.shortSide == 346 && found.fit == .squashedCentre)
      #expect(found.filter == .bilinear)
      for channel in 0..<3 {
        #expect(abs(found.mean[channel] - 127.5) < 1e-4)
        #expect(abs(found.standardDeviation[channel] - 127.5) < 1e-4)
      }
    }
    let none = try withTemporaryFolder { try Preprocessing.align(folder: $0, imageSize: 64) }
    #expect(none.size == 64 && none.fit == .squash && none.mean.x == 127.5)
  }

  @Test(arguments: [
    ("[1]", "not an image processor's configuration"),
    (#"{"crop_size": {"height": 224, "width": 112}, "do_center_crop": true}"#, "'crop_size'"),
    (#"{"size": {"shortest_edge": 224}}"#, "'size'"),
    (#"{"crop_size": {"height": 400, "width": 400}, "do_center_crop": true}"#, "nothing to cut"),
    (#"{"do_resize": false}"#, "nothing to cut"),
    (#"{"resample": 0}"#, "'resample'"),
    (#"{"image_mean": [0.5]}"#, "'image_mean'"),
    (#"{"image_std": [0.5, 0, 1]}"#, "'image_std'"),
    (#"{"rescale_factor": 0}"#, "rescaled"),
    (#"{"image_processor_type": "CLIPImageProcessor"}"#, "'image_processor_type'"),
  ])
  func whatIsNotSupportedIsNamed(text: String, what: String) {
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect(error?.what.contains(what) == true && error?.kind == .badData)
    #expect(error?.place?.hasSuffix("preprocessor_config.json") == true)
  }
}
