import Images
import Networks
import Regions
import Student
import Support
import Tensors
import Testing

/// Students whose products are of bfloat16 numbers beside the same in float32.
@Suite(.enabled(if: (try? Precision.bfloat16.requireAvailable()) != nil, "no AVX-512 BF16"))
struct RoundedStudentTests {
  private static func student(
    _ method: Method, _ family: BackboneFamily, norm: NormalizationConfiguration.Kind,
    coarse: PyramidConfiguration.Coarse
  ) throws -> Student {
    var sizes = StudentConfiguration()
    sizes.backbone.family = family
    sizes.backbone.width = family.hasWidth ? 64 : nil
    sizes.normalization.kind = norm
    sizes.pyramid.channels = 128
    sizes.pyramid.finestLevel = 3
    sizes.pyramid.coarsestLevel = 6
    sizes.pyramid.coarse = coarse
    sizes.proposals.convolutions = 1
    sizes.regions.convolutions = 1
    sizes.regions.fullyConnected = [64]
    sizes.masks.enabled = true
    sizes.masks.convolutions = 1
    return Student(
      backbone: try sizes.backboneNetwork(from: NewTensors(seed: 3)), configuration: sizes,
      method: method, baseCategories: ["cat", "dog"], embeddingWidth: 24, seed: 1)
  }

  private static let pixels: Tensor = {
    var generator = SeededGenerator(seed: 5, stream: 1)
    return .normal([1, 96, 128, 3], standardDeviation: 1, using: &generator)
  }()

  /// How far two tensors are apart, in units of the second.
  private func distance(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    func squares(_ x: [Float]) -> Float { x.reduce(0) { $0 + $1 * $1 } }
    let difference = zip(a.array, b.array).map { $0 - $1 }
    return (squares(difference) / squares(b.array)).squareRoot()
  }

  /// Every layer rounds its kernel and its result by 2^-9 on average, at Winograd's points some five times
  /// as much; some twenty layers, independent of each other: 2^-9 x 5 x sqrt(20).
  private let bound: Float = 0x1p-9 * 5 * 4.5

  @Test(arguments: [BackboneFamily.resNet18, .resNet50, .efficientNetLite0, .efficientNetB0])
  func theProposalNetwork(family: BackboneFamily) throws {
    for norm in [NormalizationConfiguration.Kind.none, .batch] {
      for coarse in [PyramidConfiguration.Coarse.subsampled, .convolved] {
        let student = try Self.student(.vild, family, norm: norm, coarse: coarse)
        let (plain, rounded) = (student.folded().proposals, student.folded(.bfloat16).proposals)
        let (maps, rough) = (
          plain.features(Variable(Self.pixels)), rounded.features(Variable(Self.pixels))
        )
        #expect(rough.count == maps.count && rough[0].ifRounded != nil)
        for (map, other) in zip(maps, rough) {
          #expect(distance(other.value, map.value) < bound, "\(norm) \(coarse) \(map.shape)")
        }
        let (said, again) = (plain.predict(maps), rounded.predict(maps))
        #expect(distance(again.objectness.value, said.objectness.value) < bound)
        #expect(distance(again.deltas.value, said.deltas.value) < bound)
      }
    }
  }

  /// The second stage on the same maps and boxes.
  @Test(arguments: Method.allCases, [NormalizationConfiguration.Kind.none, .batch])
  func theHeads(method: Method, norm: NormalizationConfiguration.Kind) throws {
    let student = try Self.student(method, .resNet18, norm: norm, coarse: .subsampled)
    let (plain, rounded) = (student.folded(), student.folded(.bfloat16))
    let maps = plain.proposals.features(Variable(Self.pixels))
    let boxes = (0..<9).map { i in
      let corner = Float(8 * i)
      return Box(x0: corner, y0: corner / 2, x1: corner + 40, y1: corner / 2 + 30)
    }
    var generator = SeededGenerator(seed: 6, stream: 1)
    let regions = Tensor.normal([9, 7, 7, 128], standardDeviation: 1, using: &generator)
    let (said, again) = (
      plain.regions.describe(Variable(regions)),
      rounded.regions.describe(Variable(RoundedTensor(regions)))
    )
    #expect(distance(again.deltas, said.deltas) < bound)
    for part in [\RegionDescription.text, \.image, \.logits] {
      guard let expected = said.description[keyPath: part] else { continue }
      #expect(distance(try #require(again.description[keyPath: part]), expected) < bound)
    }
    let masks = try #require(plain.maskLogits(maps, regions: [boxes])).value
    let rough = try #require(
      rounded.maskLogits(maps.map { Variable($0.rounded) }, regions: [boxes]))
    #expect(distance(rough.value, masks) < bound)
  }

  /// What training and files see of a folded student is as it was.
  @Test func parametersStay() throws {
    let student = try Self.student(.vild, .resNet18, norm: .batch, coarse: .subsampled)
    let (plain, rounded) = (student.folded(), student.folded(.bfloat16))
    #expect(plain.parameters.map(\.name) == rounded.parameters.map(\.name))
    #expect(
      zip(plain.parameters, rounded.parameters).allSatisfy { $0.value.array == $1.value.array })
  }

  /// From pixels to detections' ingredients, every number finite.
  @Test func wholeImages() throws {
    let student = try Self.student(.vildEnsemble, .resNet50, norm: .batch, coarse: .convolved)
      .folded(.bfloat16)
    let input = DetectorInput(
      pixels: Self.pixels, width: 120, height: 90, scaleX: 1, scaleY: 1)
    let found = student.detect(input, limit: 20)
    #expect(found.isFinite && !found.regions.isEmpty)
    let masks = try #require(student.masks(found.regions.boxes, in: found))
    #expect(masks.shape == [found.regions.count, 28, 28] && masks.isFinite)
    // The same bits again, and on one thread.
    Parallel.items(2) { _ in
      let again = student.detect(input, limit: 20)
      #expect(again.regions == found.regions)
      #expect(again.description.text?.array == found.description.text?.array)
    }
  }
}
