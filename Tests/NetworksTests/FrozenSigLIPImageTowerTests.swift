import Networks
import Support
import Tensors
import Testing

/// SigLIP's tower for inference against the one it is made of.
@Suite struct FrozenSigLIPImageTowerTests {
  private func tower(
    width: Int, heads: Int, layers: Int, image: Int, patch: Int,
    activation: Activation = .tanhGELU
  ) throws -> SigLIPImageTower {
    try .load(
      .init(
        transformer: .init(
          width: width, intermediate: 4 * width, layers: layers, heads: heads,
          activation: activation, epsilon: 1e-6),
        imageSize: image, patchSize: patch, projection: width),
      from: Scattered())
  }

  /// Patches that fill the picture and not, widths of a head with and without a tail.
  @Test(arguments: [
    (width: 32, heads: 2, image: 8, patch: 4), (width: 60, heads: 3, image: 23, patch: 7),
    (width: 24, heads: 1, image: 16, patch: 16),
  ])
  func itIsTheSameFunction(width: Int, heads: Int, image: Int, patch: Int) throws {
    for activation in [Activation.tanhGELU, .gelu] {
      let tower = try tower(
        width: width, heads: heads, layers: 2, image: image, patch: patch, activation: activation)
      let pixels = FrozenVisionTransformerTests.pixels(5, image)
      let frozen = try tower.frozen(precision: .float32)
      #expect(frozen.width == width)
      #expect(frozen.embed(pixels: pixels).distance(to: tower.embed(pixels: pixels)) < 2e-5)
    }
  }

  @Test func aPictureIsWhatItIsInAnyBatch() throws {
    let frozen = try tower(width: 32, heads: 2, layers: 2, image: 32, patch: 4)
      .frozen(precision: .float32)
    let pixels = FrozenVisionTransformerTests.pixels(17, 32)
    let all = frozen.embed(pixels: pixels)
    for first in [0, 3, 13] {
      for count in [1, 4] {
        let some = frozen.embed(pixels: pixels.rows(first..<first + count))
        #expect(some.array == all.rows(first..<first + count).array, "\(count) from \(first)")
      }
    }
    #expect(frozen.embed(pixels: pixels.rows(0..<0)).shape == [0, 32])
  }

  /// The width of SigLIP's base model.
  @Test(.enabled(if: FrozenVisionTransformerTests.isHere(.bfloat16)))
  func bfloat16IsNearFloat32() throws {
    let tower = try tower(width: 768, heads: 12, layers: 3, image: 224, patch: 32)
    let pixels = FrozenVisionTransformerTests.pixels(9, 224)
    let exact = try tower.frozen(precision: .float32).embed(pixels: pixels)
    let rounded = try tower.frozen(precision: .bfloat16).embed(pixels: pixels)
    #expect(rounded.array != exact.array)
    for picture in 0..<9 {
      let (a, b) = (exact.rows(picture..<picture + 1), rounded.rows(picture..<picture + 1))
      let (a1, b1) = (l2Normalize(Variable(a)), l2Normalize(Variable(b)))
      #expect(innerProducts(a1, b1).value.scalar >= 0.9995)
    }
  }
}
