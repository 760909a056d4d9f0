import Emoji
import Support
import Testing

/// Changes of a crop's colours, each drawn a hundred times.
@Suite struct RecolouringTests {
  private let grey = SIMD4<Float>(120, 120, 120, 0)

  private func draw(
    _ make: (inout SeededGenerator) -> Recolouring, check: (Recolouring) -> Void
  ) {
    var generator = SeededGenerator(seed: 3, stream: 0)
    for _ in 0..<100 { check(make(&generator)) }
  }

  private func spread(_ color: SIMD4<Float>) -> Float {
    max(color.x, color.y, color.z) - min(color.x, color.y, color.z)
  }

  /// Two colours of one brightness become one; black and white have a colour.
  @Test func duotonesKeepBrightnessAlone() {
    let (red, green) = (SIMD4<Float>(587, 0, 0, 0) / 4, SIMD4<Float>(0, 299, 0, 0) / 4)
    draw(Recolouring.duotone) { change in
      #expect(abs(spread(change.applied(to: red) - change.applied(to: green))) < 0.01)
      let (black, white) = (change.applied(to: .zero), change.applied(to: grey * (255 / 120)))
      #expect(spread(black) > 3 && spread(white) > 30)
    }
  }

  /// Grey stays grey; other colours keep their mean and change their place.
  @Test func huesTurnAboutGrey() {
    let color = SIMD4<Float>(200, 40, 90, 0)
    var distances: [Float] = []
    draw(Recolouring.hue) { change in
      #expect(spread(change.applied(to: grey) - grey) < 0.01)
      let turned = change.applied(to: color)
      #expect(abs(turned.sum() - color.sum()) < 0.1)
      let offset = turned - color
      distances.append((offset * offset).sum().squareRoot())
    }
    #expect(distances.max()! > 200 && distances.min()! < 20)
  }

  /// The strongest channel of a light is at most 2.9 times the weakest; the tinted style's is 3.3
  /// times. Colours are paler, none is without colour.
  @Test func lightsAreWeakerThanTheStyles() {
    draw(Recolouring.light) { change in
      let white = change.applied(to: grey)
      let channels = [white.x, white.y, white.z]
      #expect(channels.max()! < 2.9 * channels.min()!)
      let red = change.applied(to: SIMD4(200, 0, 0, 0)) / white
      #expect(red.x > 1.1 * red.y && abs(red.y - red.z) < 0.01)
    }
  }

  /// Six of ten crops are changed, none without variety.
  @Test func varietyIsAShare() {
    var generator = SeededGenerator(seed: 3, stream: 0)
    func changed(_ variety: Double) -> Int {
      (0..<1000).count { _ in Recolouring.random(variety: variety, &generator) != nil }
    }
    #expect(changed(0) == 0 && 250...350 ~= changed(0.5) && 550...650 ~= changed(1))
  }
}
