import Distillation
import Networks
import Student
import Support
import Tensors
import Testing

/// What the formula promises against what steps of other sizes take. Serialised: tensors of other
/// tests would count.
@Suite(.serialized) struct MemoryTests {
  func probe(_ method: Method, masks: Bool, distilled: Int) throws -> MemoryProbe {
    var sizes = StudentConfiguration()
    sizes.backbone.family = .resNet18
    sizes.backbone.width = 16
    sizes.pyramid.channels = 32
    sizes.pyramid.finestLevel = 3
    sizes.proposals.convolutions = 1
    sizes.regions.convolutions = 1
    sizes.regions.fullyConnected = [64]
    sizes.regions.sampledRegions = 64
    sizes.masks.enabled = masks
    sizes.masks.convolutions = 1
    let student = Student(
      backbone: try sizes.backboneNetwork(from: NewTensors(seed: 1)), configuration: sizes,
      method: method, baseCategories: (0..<40).map(String.init), embeddingWidth: 48, seed: 1)
    return MemoryProbe(student, training: TrainingConfiguration(), distilledRegions: distilled)
  }

  /// Images of twice the side, twice the regions, ten times the categories, all together. In a
  /// process of its own: what is counted are all tensors of a process.
  @Test func theFormulaHoldsForOtherSizes() async {
    await #expect(processExitsWith: .success) {
      for (method, masks, distilled) in [
        (Method.vild, false, 64), (.vildEnsemble, true, 64), (.vildText, true, 0),
      ] {
        let probe = try MemoryTests().probe(method, masks: masks, distilled: distilled)
        let size = TrainingSize(pixels: 256 * 256, regions: 64 + distilled, categories: 40)
        let (large, many, names) = (4 * size.pixels, 2 * size.regions, 10 * size.categories)
        let formula = probe.formula(for: size)
        for other in [
          size, TrainingSize(pixels: large, regions: size.regions, categories: 40),
          TrainingSize(pixels: size.pixels, regions: many, categories: 40),
          TrainingSize(pixels: size.pixels, regions: size.regions, categories: names),
          TrainingSize(pixels: large, regions: many, categories: names),
        ] {
          let (promised, found) = (Double(formula.bytes(other)), Double(probe.bytes(other)))
          #expect(
            abs(promised / found - 1) < 0.2,
            "\(method), \(other): \(promised) promised, \(found) found")
        }
      }
    }
  }

  /// The tenth step takes what the ones before gave back, whatever the sizes of their images.
  @Test func laterStepsNeedNoFreshPages() async {
    await #expect(processExitsWith: .success) {
      let probe = try MemoryTests().probe(.vild, masks: false, distilled: 64)
      let sides = [256, 192, 224, 128, 256, 160, 224, 192, 256]
      func step(_ side: Int) {
        _ = probe.bytes(TrainingSize(pixels: side * side, regions: 128, categories: 40))
      }
      for side in sides { step(side) }
      let before = ProcessUsage.now.freshPages
      step(224)
      let fresh = ProcessUsage.now.freshPages - before
      #expect(fresh < 200, "\(fresh) fresh pages in the tenth step")
    }
  }
}
