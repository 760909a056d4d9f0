import Networks
import Support
import Tensors
import TestSupport
import Testing

/// The user's, such as `Tests/Peers/make_teacher.py` makes.
private let folder = Shared.named(
  by: "VILD_ALIGN_GOLDEN", "a folder of ALIGN with a golden.safetensors")

/// Folders as published, with a golden.safetensors of inputs and outputs beside the weights.
@Suite struct PublishedALIGNTests {
  @Test(.enabled(if: Shared.has("parity/align-tiny/golden.safetensors"))) func tiny() throws {
    try compare(Shared.path("parity/align-tiny"))
  }

  @Test(.enabled(if: folder != nil)) func fullSize() throws {
    try compare(try #require(folder))
  }

  /// 1e-4 of the largest element, of every output; the frozen towers too.
  private func compare(_ folder: String) throws {
    let golden = try SafeTensorsFile(path: "\(folder)/golden.safetensors")
    let model = try ALIGN.load(folder: folder)
    try model.compare(with: golden, tolerance: 1e-4)
    let pixels = try golden.tensor("pixel_values").channelsLast
    let images = try golden.tensor("image_embeds")
    let exact = l2Normalize(Variable(FrozenEfficientNet(model.vision).embed(pixels: pixels)))
    print("\(folder) image_embeds, frozen: \(exact.value.distance(to: images))")
    #expect(exact.value.distance(to: images) < 1e-4)
    guard FusedBlocks.hasBFloat16 else { return }
    let tower = FrozenEfficientNet(model.vision, precision: .bfloat16)
    let rounded = l2Normalize(Variable(tower.embed(pixels: pixels)))
    for image in 0..<images.shape[0] {
      let pair = [rounded.value, images].map { Variable($0.rows(image..<image + 1)) }
      let cosine = innerProducts(pair[0], pair[1]).value.scalar
      print("\(folder) image \(image), bfloat16: cosine \(cosine)")
      #expect(cosine >= 0.9995)
    }
  }
}

extension ALIGN {
  /// Outputs against those of transformers under the same inputs, in units of the largest element.
  func compare(with golden: SafeTensorsFile, prefix: String = "", tolerance: Float) throws {
    let images = embed(pixels: try golden.tensor("\(prefix)pixel_values").channelsLast)
    let ids = try golden.integers("\(prefix)input_ids")
    let mask = try golden.integers("\(prefix)attention_mask")
    let length = try #require(golden.shape(of: "\(prefix)input_ids")).last!
    let texts = stride(from: 0, to: ids.count, by: length).map { row in
      Array(ids[row..<row + mask[row..<row + length].reduce(0, +)])
    }
    // Every text by itself, without the padding the golden batch has; and all of them together.
    let words = concatenate(texts.map { Variable(embed(tokens: [$0])) }).value
    #expect(embed(tokens: texts).distance(to: words) < tolerance)
    for (output, name) in [
      (l2Normalize(Variable(images)).value, "image_embeds"),
      (l2Normalize(Variable(words)).value, "text_embeds"),
      (logits(images: images, texts: words), "logits_per_image"),
    ] {
      let distance = output.distance(to: try golden.tensor("\(prefix)\(name)"))
      #expect(distance < tolerance, "\(name)")
      print("\(name): \(distance)")
    }
  }
}
