import Dispatch
import Emoji
import Images
import Synchronization
import Testing

@Suite struct CropTests {
  @Test func theSameSeedGivesTheSameBytes() throws {
    let renderer = CropRenderer(try catalogue())
    let first = renderer.crop(of: 5, seed: 7, side: 64)
    #expect(first == CropRenderer(try catalogue()).crop(of: 5, seed: 7, side: 64))
    #expect(first.width == 64 && first.height == 64)
    #expect(first != renderer.crop(of: 5, seed: 8, side: 64))
    #expect(first != renderer.crop(of: 6, seed: 7, side: 64))
  }

  @Test(arguments: [1, 16, 33, 224])
  func anySide(side: Int) throws {
    let renderer = CropRenderer(try catalogue())
    for category in stride(from: 0, to: 797, by: 97) {
      #expect(renderer.crop(of: category, seed: 1, side: side).width == side)
    }
  }

  @Test func threadsDoNotMatter() throws {
    let renderer = CropRenderer(try catalogue())
    let alone = (0..<40).map { renderer.crop(of: $0 * 19, seed: UInt64($0), side: 32) }
    let together = Mutex([Image?](repeating: nil, count: 40))
    DispatchQueue.concurrentPerform(iterations: 40) { index in
      let crop = renderer.crop(of: index * 19, seed: UInt64(index), side: 32)
      together.withLock { $0[index] = crop }
    }
    #expect(together.withLock { $0 } == alone)
  }

  /// Crops are neither grey nor of one colour's light, as the styles of evaluation are; hardly one is
  /// even pale without variety.
  @Test(arguments: [(variety: 0.0, least: 190), (variety: 1.0, least: 150)])
  func coloursStay(variety: Double, least: Int) throws {
    let renderer = CropRenderer(try catalogue())
    var (colourful, levels) = (0, SIMD3<Double>.zero)
    for seed in 0..<200 {
      let crop = renderer.crop(of: seed, seed: UInt64(seed), side: 32, variety: variety)
      var spread = 0
      for start in stride(from: 0, to: crop.pixels.count, by: 3) {
        let pixel = (0..<3).map { Int(crop.pixels[start + $0]) }
        spread = max(spread, pixel.max()! - pixel.min()!)
        for channel in 0..<3 { levels[channel] += Double(pixel[channel]) }
      }
      if spread > 40 { colourful += 1 }
    }
    #expect(colourful > least)
    #expect(levels.min() > 0.7 * levels.max(), "\(levels)")
  }
}
