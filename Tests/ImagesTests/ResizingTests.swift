import Foundation
import Images
import Regions
import Testing

@Suite struct ResizingTests {
  /// By hand: 4 pixels to 2 with a triangle of radius 2 around 1 and 3. The taps of the first are
  /// at 0.5, 1.5, 2.5 with distances 0.5, 0.5, 1.5: weights 0.75, 0.75, 0.25, over their sum 1.75.
  @Test func bilinearHalvedByHand() {
    let levels: [UInt8] = [0, 70, 140, 210]
    let image = Image(width: 4, height: 1, pixels: levels.flatMap { [$0, $0, $0] })
    let half = image.resized(width: 2, height: 1, filter: .bilinear)
    let first = (0.75 * 0 + 0.75 * 70 + 0.25 * 140) / 1.75
    let second = (0.25 * 70 + 0.75 * 140 + 0.75 * 210) / 1.75
    #expect(
      half.pixels == [first, second].flatMap { Array(repeating: UInt8($0.rounded()), count: 3) })
  }

  @Test(arguments: ResizeFilter.allCases)
  func sameSizeIsTheSameImage(filter: ResizeFilter) {
    let image = Image.noise(13, 9, seed: 1)
    #expect(image.resized(width: 13, height: 9, filter: filter) == image)
  }

  @Test(arguments: ResizeFilter.allCases)
  func oneColourStaysOneColour(filter: ResizeFilter) {
    let image = Image(width: 31, height: 17, filledWith: Color(3, 128, 255))
    for (width, height) in [(1, 1), (100, 2), (2, 100), (30, 18)] {
      #expect(
        image.resized(width: width, height: height, filter: filter)
          == Image(width: width, height: height, filledWith: Color(3, 128, 255)))
    }
  }

  @Test func extremeRatios() {
    let tall = Image(width: 1, height: 40_000, filledWith: Color(9, 99, 199))
    #expect(
      tall.resized(width: 3, height: 1, filter: .bicubic)
        == Image(width: 3, height: 1, filledWith: Color(9, 99, 199)))
    let wide = tall.upright(from: .quarterClockwise)
    #expect(
      wide.resized(width: 1, height: 300, filter: .bilinear)
        == Image(width: 1, height: 300, filledWith: Color(9, 99, 199)))
  }

  @Test(arguments: ResizeFilter.allCases)
  func followsTheFormulaOnRandomShapes(filter: ResizeFilter) {
    var generator = SeededGenerator(5)
    for round in 0..<60 {
      let size = (0..<4).map { _ in
        Int(exp2(Double.random(in: 0...6.5, using: &generator)))
      }
      // Middle levels, so that nothing is clipped between the passes.
      var image = Image.noise(size[0], size[1], seed: UInt64(round))
      image = Image(width: size[0], height: size[1], pixels: image.pixels.map { 96 + $0 / 4 })
      let result = image.resized(width: size[2], height: size[3], filter: filter)
      let expected = reference(image, size[2], size[3], filter)
      let worst = zip(result.pixels, expected).map { abs(Double($0) - $1) }.max() ?? 0
      // Half a level for each rounding; the second pass can stretch the first's a little.
      #expect(worst <= 1.25, "\(size) \(worst)")
    }
  }

  @Test(arguments: ResizeFilter.allCases)
  func aCropSeesNothingOutside(filter: ResizeFilter) {
    var generator = SeededGenerator(11)
    let image = Image.noise(70, 50, seed: 2)
    for _ in 0..<40 {
      let x0 = Int.random(in: 0..<70, using: &generator)
      let y0 = Int.random(in: 0..<50, using: &generator)
      let rect = PixelRect(
        x0: x0, y0: y0, x1: Int.random(in: x0 + 1...70, using: &generator),
        y1: Int.random(in: y0 + 1...50, using: &generator))
      let width = Int.random(in: 1...40, using: &generator)
      let height = Int.random(in: 1...40, using: &generator)
      #expect(
        image.resizedCrop(rect, width: width, height: height, filter: filter)
          == image.cropped(to: rect).resized(width: width, height: height, filter: filter))
    }
  }

  /// 2 x 1 white pixels, and a column at either side and a row below that are not there; at the same
  /// size nothing is mixed.
  @Test func blackOutsideTheImage() {
    let image = Image(width: 2, height: 1, filledWith: .white)
    let around = PixelRect(x0: -1, y0: 0, x1: 3, y1: 2)
    let same = image.resizedCrop(around, width: 4, height: 2, filter: .bicubic)
    var expected = Image(width: 4, height: 2, filledWith: .black)
    (expected[1, 0], expected[2, 0]) = (.white, .white)
    #expect(same == expected)
    let beside = PixelRect(x0: 5, y0: -7, x1: 8, y1: -2)
    #expect(
      image.resizedCrop(beside, width: 2, height: 9, filter: .bilinear)
        == Image(width: 2, height: 9, filledWith: .black))
  }

  @Test func floatsAreTheNormalisedLevels() {
    let image = Image.noise(40, 30, seed: 3)
    let rect = PixelRect(x0: 4, y0: 2, x1: 33, y1: 30)
    let mean = SIMD3<Float>(123.675, 116.28, 103.53)
    let deviation = SIMD3<Float>(58.395, 57.12, 57.375)
    var floats = [Float](repeating: .nan, count: 12 * 14 * 3 + 1)
    image.writeResizedCrop(
      rect, width: 12, height: 14, filter: .bicubic, mean: mean, standardDeviation: deviation,
      into: &floats)
    let levels = image.resizedCrop(rect, width: 12, height: 14, filter: .bicubic).pixels
    let expected = levels.enumerated().map { (Float($1) - mean[$0 % 3]) / deviation[$0 % 3] }
    #expect(Array(floats.dropLast()) == expected)
    #expect(floats.last?.isNaN == true)
  }

  @Test func severalThreadsGetTheSame() async {
    let image = Image.noise(90, 60, seed: 4)
    let expected = image.resized(width: 33, height: 44, filter: .bicubic)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<20).allSatisfy { _ in
            image.resized(width: 33, height: 44, filter: .bicubic) == expected
          }
        }
      }
      for await same in group { #expect(same) }
    }
  }

  /// Each output pixel straight from the definition, in double precision, without rounding between.
  private func reference(
    _ image: Image, _ width: Int, _ height: Int, _ filter: ResizeFilter
  ) -> [Double] {
    let across = weights(from: image.width, to: width, filter)
    let down = weights(from: image.height, to: height, filter)
    var result = [Double]()
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          var sum = 0.0
          for (row, rowWeight) in down[y] {
            for (column, columnWeight) in across[x] {
              let level = image.pixels[(row * image.width + column) * 3 + channel]
              sum += Double(level) * rowWeight * columnWeight
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  private func weights(
    from input: Int, to output: Int, _ filter: ResizeFilter
  ) -> [[(index: Int, weight: Double)]] {
    let scale = Double(input) / Double(output)
    let stretch = max(scale, 1)
    return (0..<output).map { position in
      let center = (Double(position) + 0.5) * scale
      let taps = (0..<input).map { ($0, kernel((Double($0) + 0.5 - center) / stretch, filter)) }
        .filter { $0.1 != 0 }
      let sum = taps.map(\.1).reduce(0, +)
      return taps.map { ($0.0, $0.1 / sum) }
    }
  }

  private func kernel(_ x: Double, _ filter: ResizeFilter) -> Double {
    let x = abs(x)
    switch filter {
    case .bilinear: return max(0, 1 - x)
    case .bicubic:
      if x < 1 { return 1.5 * x * x * x - 2.5 * x * x + 1 }
      return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0
    }
  }
}
