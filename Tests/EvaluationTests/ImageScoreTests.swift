import Datasets
import Evaluation
import Regions
import Testing

@Suite struct ImageScoreTests {
  func annotation(
    _ id: Int, _ category: Int, _ bbox: [Double], isCrowd: Bool = false
  ) -> COCODataset.Annotation {
    .init(
      id: id, imageID: 1, categoryID: category, bbox: bbox, area: bbox[2] * bbox[3],
      isCrowd: isCrowd)
  }

  let image = COCODataset.Image(id: 1, fileName: "1.jpg", width: 100, height: 100)

  /// Two dogs side by side, a cat. The first detection overlaps both dogs and takes the nearer; the
  /// second overlaps the same most, and takes the other; the third is left without one. The cat is
  /// called a dog, and missed.
  @Test func byHand() {
    let truths = [
      annotation(1, 1, [0, 0, 20, 20]), annotation(2, 1, [2, 0, 20, 20]),
      annotation(3, 2, [60, 60, 20, 20]),
    ]
    let score = ImageScore(
      of: [
        (Box(x0: 0, y0: 0, x1: 20, y1: 20), 1), (Box(x0: 0, y0: 0, x1: 20, y1: 19), 1),
        (Box(x0: 0, y0: 0, x1: 20, y1: 18), 1), (Box(x0: 60, y0: 60, x1: 80, y1: 80), 1),
      ], truths: truths, in: image)
    #expect(score.judgements == [.right, .right, .wrong, .wrong])
    #expect(score.isFound == [true, true, false])
    #expect((score.right, score.wrong, score.missed) == (2, 2, 1))
    // Precision 2/4, recall 2/3: 2 / (2 + 3/2).
    #expect(score.f1 == 4.0 / 7)
  }

  /// IoU 0.5 is enough: 20 x 10 of 20 x 20; 20 x 9 is not.
  @Test func threshold() {
    let truths = [annotation(1, 1, [0, 0, 20, 20])]
    func judgement(_ height: Float) -> [ImageScore.Judgement] {
      ImageScore(of: [(Box(x0: 0, y0: 0, x1: 20, y1: height), 1)], truths: truths, in: image)
        .judgements
    }
    #expect(judgement(10) == [.right])
    #expect(judgement(9) == [.wrong])
  }

  @Test func crowdsDoNotCount() {
    let score = ImageScore(
      of: [(Box(x0: 5, y0: 5, x1: 10, y1: 10), 1), (Box(x0: 20, y0: 20, x1: 30, y1: 30), 1)],
      truths: [annotation(1, 1, [0, 0, 90, 90], isCrowd: true)], in: image)
    #expect(score.judgements == [.ignored, .ignored])
    #expect(score.f1 == nil && score.missed == 0)
  }

  /// In a federated data set: the image was searched for 2, which it has not, and for 3, of which
  /// not every object is annotated; nobody looked for 4.
  @Test func federated() {
    var image = image
    image.negativeCategoryIDs = [2]
    image.notExhaustiveCategoryIDs = [3]
    let box = Box(x0: 0, y0: 0, x1: 20, y1: 20)
    let elsewhere = Box(x0: 50, y0: 50, x1: 70, y1: 70)
    let score = ImageScore(
      of: [(box, 3), (elsewhere, 3), (box, 2), (box, 4)],
      truths: [annotation(1, 3, [0, 0, 20, 20])], in: image)
    #expect(score.judgements == [.right, .ignored, .wrong, .ignored])
    #expect(score.f1 == 2.0 / 3)
  }
}
