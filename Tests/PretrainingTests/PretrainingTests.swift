import Images
import Pretraining
import Support
import Teacher
import Tensors
import TestSupport
import Testing

@Suite struct PretrainingTests {
  private var tiny: PretrainingConfiguration {
    var tiny = PretrainingConfiguration()
    (tiny.imageSize, tiny.patchSize) = (16, 4)
    (tiny.imageWidth, tiny.imageLayers, tiny.imageHeads) = (32, 2, 2)
    (tiny.textWidth, tiny.textLayers, tiny.textHeads) = (32, 1, 2)
    (tiny.embeddingWidth, tiny.merges, tiny.context) = (32, 200, 40)
    (tiny.steps, tiny.cropsPerStep, tiny.cropsPerForward) = (150, 12, 6)
    (tiny.warmupSteps, tiny.learningRate) = (10, 3e-3)
    return tiny
  }

  @Test func learnsAndIsReadAsAnyTeacher() throws {
    try withTemporaryFolder { folder in
      let source = PaintedSource()
      let made = PretrainedTeacher(folder: folder, configuration: tiny, source: source)
      #expect(try !made.isFinished())
      try made.make()
      #expect(try made.isFinished())
      let teacher = try CLIPTeacher.load(folder: folder)
      let names = try teacher.embed(names: source.categories.map(\.name))
      var hits = 0
      for category in source.categories.indices {
        for seed in 0..<5 {
          let crop = try source.crop(of: category, seed: UInt64(1000 + seed))
          let image = teacher.embed(
            pixels: teacher.preprocessing.pixels(of: [crop.bounds], in: crop))
          let cosines = innerProducts(Variable(image), Variable(names)).value.array
          hits += cosines.indices.max { cosines[$0] < cosines[$1] } == category ? 1 : 0
        }
      }
      #expect(hits >= 54, "\(hits) of 60")
    }
  }
}
