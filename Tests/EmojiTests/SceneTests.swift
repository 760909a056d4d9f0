import Emoji
import Images
import Regions
import Support
import Testing

@Suite struct SceneTests {
  private let chosen = [3, 50, 210, 333, 480, 700]

  private func scene(
    _ style: SceneStyle = .plain, size: Int = 320, seed: UInt64 = 1, stream: UInt64 = 0
  ) throws -> Scene {
    SceneRenderer(try catalogue(), size: size)
      .scene(of: chosen, style: style, seed: seed, stream: stream)
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let first = try scene()
    let second = try scene()
    #expect(first.image == second.image && first.quality == second.quality)
    #expect(first.objects.map(\.mask) == second.objects.map(\.mask))
    #expect(try scene(seed: 2).image != first.image)
    #expect(try scene(stream: 1).image != first.image)
  }

  @Test func stylesChangePixelsOnly() throws {
    let plain = try scene()
    for style in SceneStyle.allCases where style != .plain {
      let styled = try scene(style)
      #expect(styled.objects.map(\.mask) == plain.objects.map(\.mask))
      #expect(styled.objects.map(\.category) == plain.objects.map(\.category))
      #expect(styled.image != plain.image)
    }
    let grey = try scene(.grey).image
    for y in 0..<grey.height {
      for x in 0..<grey.width {
        let color = grey[x, y]
        #expect(color.red == color.green && color.red == color.blue)
      }
    }
  }

  @Test func everyCategoryIsVisibleAndNoPixelIsTwice() throws {
    for stream in 0..<10 {
      let scene = try scene(size: 160 + 40 * stream, stream: UInt64(stream))
      #expect(Set(scene.objects.map(\.category)) == Set(chosen))
      #expect(max(scene.image.width, scene.image.height) == 160 + 40 * stream)
      var seen = Mask(width: scene.image.width, height: scene.image.height)
      for object in scene.objects {
        #expect(!object.mask.isEmpty && object.mask.intersection(seen).isEmpty)
        seen = seen.union(object.mask)
      }
    }
  }

  /// Masks are where a plain rendering of the same placements has the object in front, by more than
  /// half of a pixel; and of each object a good part is visible.
  @Test(arguments: 0..<6) func masksAreThoseOfANaiveRendering(stream: UInt64) throws {
    let renderer = SceneRenderer(try catalogue(), size: 256)
    let scene = renderer.scene(of: chosen, seed: 9, stream: stream)
    var random = SeededGenerator(seed: 9, stream: stream)
    let layout = renderer.layout(of: chosen, &random)
    let (width, height) = (layout.width, layout.height)
    #expect(scene.objects.map(\.category) == layout.objects.map(\.category))
    var owners = [Int](repeating: -1, count: width * height)
    var all = [Int](repeating: 0, count: layout.objects.count)
    for (index, object) in layout.objects.enumerated() {
      let alpha = naiveAlpha(
        try catalogue().glyphs[object.category], object.placement, width: width, height: height)
      for (place, alpha) in alpha.enumerated() where alpha >= 128 {
        owners[place] = index
        all[index] += 1
      }
    }
    for (index, object) in scene.objects.enumerated() {
      let naive = Mask(
        width: width, height: height, within: PixelRect(x0: 0, y0: 0, x1: width, y1: height)
      ) { owners[$1 * width + $0] == index }
      // A pixel's difference along the outline of something small is much of it.
      let outline = 0.6 * Double(object.mask.area).squareRoot()
      let differing = Double(
        naive.area + object.mask.area - 2 * naive.intersection(object.mask).area)
      #expect(differing < max(12, 4 * outline), "\(differing) of \(object.mask.area)")
      #expect(Double(object.mask.area) > 0.3 * Double(all[index]))

      // In an image with room around the scene no border cuts anything off.
      var placement = layout.objects[index].placement
      placement.centre += SIMD2(Double(width), Double(height))
      let whole = naiveAlpha(
        try catalogue().glyphs[object.category], placement, width: 3 * width, height: 3 * height
      ).count { $0 >= 128 }
      let visible = Double(naive.area) / Double(whole)
      #expect(abs(object.visible - visible) < 0.04, "\(object.visible), naive \(visible)")
      #expect(object.visible > 0 && object.visible <= 1)
    }
  }
}
