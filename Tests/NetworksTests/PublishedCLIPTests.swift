import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

/// The user's, such as `Tests/Peers/make_teacher.py` makes.
private let folder = Shared.named(
  by: "VILD_CLIP_GOLDEN", "a folder of CLIP with a golden.safetensors")

/// Folders as published, with a golden.safetensors of inputs and outputs beside the weights.
@Suite struct PublishedCLIPTests {
  @Test(.enabled(if: Shared.has("parity/clip-tiny/golden.safetensors"))) func tiny() throws {
    try compare(Shared.path("parity/clip-tiny"))
  }

  @Test(.enabled(if: folder != nil)) func fullSize() throws {
    try compare(try #require(folder))
  }

  /// 1e-4 of the largest element, of every output.
  private func compare(_ folder: String) throws {
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let clip = try CLIP.load(folder: folder)
    let pixels = try golden.tensor("pixel_values").channelsLast
    let ids = try golden.integers("input_ids")
    let length = try #require(golden.shape(of: "input_ids")).last!
    let texts = stride(from: 0, to: ids.count, by: length).map { Array(ids[$0..<$0 + length]) }
    let images = Variable(clip.vision.embed(pixels: pixels))
    let words = clip.text(texts)
    for (output, name) in [
      (l2Normalize(images).value, "image_embeds"), (l2Normalize(words).value, "text_embeds"),
      (clip.logits(images: images, texts: words).value, "logits_per_image"),
    ] {
      let distance = output.distance(to: try golden.tensor(name))
      print("\(folder) \(name): \(distance)")
      #expect(distance < 1e-4, "\(name)")
    }
  }
}
