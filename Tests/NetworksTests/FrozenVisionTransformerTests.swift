import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct FrozenVisionTransformerTests {
  typealias Configuration = VisionTransformer.Configuration

  /// Head widths of 16, 80 and 20; pixels that fill no patch; the last block alone; a sequence that
  /// needs several blocks of queries; several passes of pictures, the last one not full.
  @Test(arguments: [
    (width: 48, heads: 3, layers: 3, image: 14, patch: 4, count: 5),
    (width: 160, heads: 2, layers: 2, image: 12, patch: 4, count: 1),
    (width: 40, heads: 2, layers: 1, image: 10, patch: 5, count: 3),
    (width: 64, heads: 1, layers: 2, image: 42, patch: 2, count: 2),
    (width: 32, heads: 2, layers: 2, image: 32, patch: 4, count: 15),
  ])
  func float32IsTheNetwork(
    width: Int, heads: Int, layers: Int, image: Int, patch: Int, count: Int
  ) throws {
    for activation in [Activation.quickGELU, .gelu] {
      let tower = try Self.tower(
        width: width, heads: heads, layers: layers, image: image, patch: patch,
        activation: activation)
      let pixels = Self.pixels(count, image)
      let frozen = FrozenVisionTransformer(tower, precision: .float32)
      #expect(frozen.embed(pixels: pixels).distance(to: tower.embed(pixels: pixels)) < 1e-5)
    }
  }

  /// A picture's embedding has the same bits whichever pictures go with it.
  @Test(arguments: Precision.allCases.filter(isHere))
  func batchesDoNotMatter(precision: Precision) throws {
    let tower = try Self.tower(width: 96, heads: 3, layers: 3, image: 32, patch: 8)
    let frozen = FrozenVisionTransformer(tower, precision: precision)
    let pixels = Self.pixels(37, 32)
    let all = frozen.embed(pixels: pixels)
    for first in [0, 5, 23, 36] {
      for count in [1, 2, 3, 14] where first + count <= 37 {
        let some = frozen.embed(pixels: pixels.rows(first..<first + count))
        #expect(some.array == all.rows(first..<first + count).array, "\(count) from \(first)")
      }
    }
  }

  /// The width and the tokens of ViT-B/32.
  @Test(.enabled(if: isHere(.bfloat16)), arguments: [Activation.quickGELU, .gelu])
  func bfloat16IsNearFloat32(activation: Activation) throws {
    let tower = try Self.tower(
      width: 768, heads: 12, layers: 3, image: 224, patch: 32, activation: activation)
    let pixels = Self.pixels(9, 224)
    let exact = FrozenVisionTransformer(tower, precision: .float32).embed(pixels: pixels)
    let rounded = FrozenVisionTransformer(tower, precision: .bfloat16).embed(pixels: pixels)
    #expect(rounded.array != exact.array)
    for picture in 0..<9 {
      let (a, b) = (exact.rows(picture..<picture + 1), rounded.rows(picture..<picture + 1))
      let (a1, b1) = (l2Normalize(Variable(a)), l2Normalize(Variable(b)))
      #expect(innerProducts(a1, b1).value.scalar >= 0.9995)
    }
  }

  @Test func noPictures() throws {
    let tower = try Self.tower(width: 32, heads: 2, layers: 1, image: 8, patch: 4)
    let frozen = FrozenVisionTransformer(tower, precision: .float32)
    #expect(frozen.embed(pixels: Tensor(zeros: [0, 8, 8, 3])).shape == [0, 24])
  }

  /// Says loudly where a precision is not.
  static func isHere(_ precision: Precision) -> Bool {
    do {
      try precision.requireAvailable()
      return true
    } catch {
      FileHandle.standardError.write(Data("SKIPPED: \(error)\n".utf8))
      return false
    }
  }

  static func pixels(_ count: Int, _ size: Int) -> Tensor {
    var generator = SeededGenerator(seed: 7)
    return .normal([count, size, size, 3], standardDeviation: 1, using: &generator)
  }

  static func tower(
    width: Int, heads: Int, layers: Int, image: Int, patch: Int,
    activation: Activation = .quickGELU
  ) throws -> VisionTransformer {
    try .load(
      Configuration(
        transformer: .init(
          width: width, intermediate: 4 * width, layers: layers, heads: heads,
          activation: activation),
        imageSize: image, patchSize: patch, projection: 24),
      from: Scattered())
  }
}

/// Weights of which none is zero or one, so that each matters.
struct Scattered: TensorSource {
  func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    let shape = shape!
    let stream = name.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
    var generator = SeededGenerator(seed: 3, stream: stream)
    let isNormScale = shape.count == 1 && name.hasSuffix("weight")
    let fanIn = shape.dropFirst().reduce(1, *)
    let deviation = shape.count == 1 ? 0.2 : 1 / Float(fanIn).squareRoot()
    let noise = Tensor.normal(shape, standardDeviation: deviation, using: &generator)
    return isNormScale ? Tensor(shape, noise.array.map { 1 + $0 }) : noise
  }
}
