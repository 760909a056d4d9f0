import Foundation
import Regions
import Support
import Testing

@Suite struct MatchingTests {
  let truth = Box(x0: 0, y0: 0, x1: 10, y1: 10)

  /// A box that shares `share` of the truth's height and lies inside it, so that its IoU is it.
  func part(_ share: Float) -> Box { Box(x0: 0, y0: 0, x1: 10, y1: 10 * share) }

  @Test func thresholdsByHand() {
    let boxes = [part(0.8), part(0.5), part(0.2), Box(x0: 50, y0: 50, x1: 60, y1: 60)]
    #expect(
      match(boxes, to: [truth], rule: .proposals)
        == [.foreground(0), .ignored, .background, .background])
    #expect(
      match(boxes, to: [truth], rule: .boxHead)
        == [.foreground(0), .foreground(0), .background, .background])
  }

  @Test func theClosestBoxIsForegroundWhenLowQualityIsAllowed() {
    let boxes = [part(0.2), part(0.1), part(0.2)]
    #expect(
      match(boxes, to: [truth], rule: .proposals)
        == [.foreground(0), .background, .foreground(0)])
    // A truth that nothing touches makes nothing foreground.
    let far = Box(x0: 90, y0: 90, x1: 99, y1: 99)
    #expect(match(boxes, to: [far], rule: .proposals) == [.background, .background, .background])
  }

  @Test func boxesInACrowdAreIgnored() {
    let crowd = Box(x0: 100, y0: 100, x1: 200, y1: 200)
    let boxes = [
      Box(x0: 110, y0: 110, x1: 120, y1: 120), Box(x0: 94, y0: 110, x1: 104, y1: 120), part(0.8),
    ]
    #expect(
      match(boxes, to: [truth], crowds: [crowd], rule: .boxHead)
        == [.ignored, .background, .foreground(0)])
  }

  @Test func nothingToMatch() {
    #expect(match([], to: [truth], rule: .proposals).isEmpty)
    #expect(match([truth], to: [], rule: .proposals) == [.background])
    let empty = Box(x0: 1, y0: 1, x1: 1, y1: 5)
    #expect(match([truth, empty], to: [empty], rule: .proposals) == [.background, .background])
  }

  @Test func samplesAreBalancedAndRepeatable() {
    let matches = (0..<1000).map { index -> Match in
      index % 10 == 0 ? .foreground(0) : index % 10 == 1 ? .ignored : .background
    }
    var generator = SeededGenerator(seed: 3)
    let sample = sampleBalanced(matches, count: 64, foregroundShare: 0.25, using: &generator)
    #expect(sample.foreground.count == 16)
    #expect(sample.background.count == 48)
    #expect(sample.foreground.allSatisfy { $0 % 10 == 0 })
    #expect(sample.background.allSatisfy { $0 % 10 > 1 })
    #expect(Set(sample.background).count == 48)
    #expect(sample.background == sample.background.sorted())
    var again = SeededGenerator(seed: 3)
    #expect(
      sampleBalanced(matches, count: 64, foregroundShare: 0.25, using: &again) == sample)
    #expect(
      sampleBalanced(matches, count: 64, foregroundShare: 0.25, using: &again) != sample)
  }

  @Test func backgroundFillsUpForMissingForeground() {
    var generator = SeededGenerator(seed: 3)
    let matches: [Match] = [.background, .foreground(2), .background, .background, .ignored]
    let sample = sampleBalanced(matches, count: 4, foregroundShare: 0.5, using: &generator)
    #expect(sample.foreground == [1])
    #expect(sample.background == [0, 2, 3])
  }

  @Test func everyBoxIsDrawnAboutEquallyOften() {
    var generator = SeededGenerator(seed: 9)
    var drawn = [Int](repeating: 0, count: 20)
    for _ in 0..<2000 {
      let sample = sampleBalanced(
        Array(repeating: .background, count: 20), count: 5, foregroundShare: 0.5,
        using: &generator)
      for position in sample.background { drawn[position] += 1 }
    }
    // 500 expected each, standard deviation about 19.
    #expect(drawn.allSatisfy { (400...600).contains($0) })
  }
}

@Suite struct AnchorTests {
  @Test func orderCentresAndAreas() {
    let boxes = Anchors(stride: 8, size: 32, aspectRatios: [1, 4]).boxes(rows: 2, columns: 3)
    #expect(boxes.count == 12)
    // Cell (x 2, y 1) has its centre at (20, 12).
    #expect(boxes[10] == Box(x0: 4, y0: -4, x1: 36, y1: 28))
    #expect(boxes[11] == Box(x0: 12, y0: -20, x1: 28, y1: 44))
    #expect(Anchors(stride: 8, size: 32).boxes(rows: 0, columns: 4).isEmpty)
    for box in Anchors(stride: 16, size: 64).boxes(rows: 2, columns: 2) {
      #expect(abs(box.area - 64 * 64) < 0.1)
    }
  }
}

@Suite struct BoxDeltasTests {
  @Test func decodeUndoesEncode() {
    let reference = Box(x0: 3, y0: 5, x1: 43, y1: 25)
    let target = Box(x0: 10, y0: -2, x1: 22, y1: 60)
    for coder in [BoxDeltas.boxHead, .proposals] {
      let back = coder.decode(coder.encode(target, reference: reference), reference: reference)
      #expect(back.iou(target) > 0.99999)
      #expect(coder.encode(reference, reference: reference) == .zero)
    }
    let clipped = BoxDeltas.proposals.decode(
      [[0, 0, 50, 50]], references: [reference], clippedToWidth: 64, height: 48)
    #expect(clipped == [Box(x0: 0, y0: 0, x1: 64, y1: 48)])
  }
}

@Suite struct CropRuleTests {
  @Test func emptyCropsAreWidenedInsideTheImage() {
    let rule = CropRule(factors: [1])
    func crop(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float) -> PixelRect {
      rule.crops(of: Box(x0: x0, y0: y0, x1: x1, y1: y1), imageWidth: 20, imageHeight: 10)[0]
    }
    #expect(crop(4.1, 2.2, 4.3, 2.4) == PixelRect(x0: 4, y0: 2, x1: 5, y1: 3))
    #expect(crop(19.8, 9.9, 20, 10) == PixelRect(x0: 19, y0: 9, x1: 20, y1: 10))
    #expect(crop(-9, -9, -5, -5) == PixelRect(x0: 0, y0: 0, x1: 1, y1: 1))
    #expect(crop(50, 1e30, 60, 1e31) == PixelRect(x0: 19, y0: 9, x1: 20, y1: 10))
  }

  /// In an image of 20 x 10, a box from (-1, 6) to (5, 12) at 1x; at 1.5x its sides are 9, its centre
  /// stays (2, 9): from (-2.5, 4.5) to (6.5, 13.5), where halves go to the even neighbour.
  @Test func paddedCropsKeepTheirPlaceAndShape() {
    let box = Box(x0: -1, y0: 6, x1: 5, y1: 12)
    let padded = CropRule(border: .padBlack).crops(of: box, imageWidth: 20, imageHeight: 10)
    #expect(
      padded == [PixelRect(x0: -1, y0: 6, x1: 5, y1: 12), PixelRect(x0: -2, y0: 4, x1: 6, y1: 14)])
    let clipped = CropRule().crops(of: box, imageWidth: 20, imageHeight: 10)
    #expect(
      clipped == [PixelRect(x0: 0, y0: 6, x1: 5, y1: 10), PixelRect(x0: 0, y0: 4, x1: 6, y1: 10)])
  }

  /// The whole image at 3x just fits; what lies farther outside is cut.
  @Test func paddedCropsEndAnImageBeyondTheBorder() {
    let rule = CropRule(factors: [3], border: .padBlack)
    func crop(_ x0: Float, _ y0: Float, _ x1: Float, _ y1: Float) -> PixelRect {
      rule.crops(of: Box(x0: x0, y0: y0, x1: x1, y1: y1), imageWidth: 20, imageHeight: 10)[0]
    }
    #expect(crop(0, 0, 20, 10) == PixelRect(x0: -20, y0: -10, x1: 40, y1: 20))
    #expect(crop(1e8, -1e9, 2e8, -1e8) == PixelRect(x0: 0, y0: -10, x1: 40, y1: 20))
    #expect(crop(1e8, -1e8, 1e8, -1e8) == PixelRect(x0: 39, y0: -10, x1: 40, y1: -9))
  }

  @Test func aRuleSurvivesJSONAndRefusesNonsense() throws {
    let rule = CropRule(border: .padBlack)
    let data = try JSONEncoder().encode(rule)
    #expect(try JSONDecoder().decode(CropRule.self, from: data) == rule)
    for text in [
      #"{"factors":[],"border":"clip"}"#, #"{"factors":[1,-1],"border":"clip"}"#,
      #"{"factors":[1],"border":"black"}"#,
    ] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(CropRule.self, from: Data(text.utf8))
      }
    }
  }
}

@Suite struct SeededGeneratorTests {
  @Test func equalsThePublishedSequence() {
    // The first numbers of SplitMix64 from seed 0.
    var generator = SeededGenerator(seed: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(generator.next() == 0x06C4_5D18_8009_454F)
  }

  @Test func continuesFromASavedState() throws {
    var generator = SeededGenerator(seed: 42, stream: 7)
    _ = generator.nextUniform()
    var restored = try JSONDecoder().decode(
      SeededGenerator.self, from: JSONEncoder().encode(generator))
    #expect(restored.next() == generator.next())
    #expect(SeededGenerator(seed: 1, stream: 2) != SeededGenerator(seed: 2, stream: 1))
  }
}
