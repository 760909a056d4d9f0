import Datasets
import Detection
import Evaluation
import Images
import Regions
import Reporting
import Testing

@Suite struct SceneGalleryTests {
  /// Of the first image's two detections from 0.3 on one is right, and of its two objects one is
  /// missed: F1 = 2 / (2 + 1 + 1). In the second a fox where a cat is: 0.
  @Test func worstFirst() throws {
    let gallery = try Sample.gallery()
    #expect(gallery.judged == 2 && gallery.meanF1 == 0.25)
    #expect(gallery.groups.map(\.title) == ["All, from worst to best"])
    let scenes = gallery.groups[0].scenes
    #expect(scenes.map(\.file) == ["2.jpg", "1.jpg"])
    #expect(scenes.map(\.score.f1) == [0, 0.5])
    #expect(scenes[1].detections.map(\.judgement) == [.right, .wrong])
    #expect(scenes[1].detections.map(\.name) == ["cat", Sample.hostile])
    #expect(scenes[1].truths.map(\.judgement) == [.right, .wrong])
    #expect(scenes[1].truths.map(\.isNovel) == [false, true])
    #expect(scenes[0].picture == nil && scenes[1].picture != nil)
  }

  /// With the fox of score 0.2: F1 = 4 / (4 + 1).
  @Test func thresholdDecidesWhatCounts() throws {
    let scenes = try Sample.gallery(threshold: 0.2).groups[0].scenes
    #expect(scenes[1].score.f1 == 0.8)
    #expect(scenes[1].detections.count == 3)
  }

  /// Ten images of which image n has n right detections of ten objects.
  @Test func worstMedianAndBest() throws {
    let images = (0..<10).map {
      COCODataset.Image(id: $0, fileName: "\($0)", width: 1200, height: 20)
    }
    func box(_ index: Int) -> [Double] { [Double(index) * 30, 0, 20, 20] }
    let dataset = try COCODataset(
      images: images,
      annotations: (0..<100).map {
        .init(id: $0, imageID: $0 / 10, categoryID: 1, bbox: box($0 % 10), area: 400)
      }, categories: [.init(id: 1, name: "cat")], source: "sample")
    let split = try CategorySplit(base: ["cat"], novel: [], of: ["cat"], source: "sample")
    var ranking = SceneRanking(
      dataset, split: split, vocabulary: ["cat"],
      thresholds: DrawThresholds(given: 0.5, chosen: nil))
    for image in images.shuffled() {
      let found = (0..<image.id).map { index -> Detection in
        let place = box(index)
        return Detection(
          box: Box(x: place[0], y: place[1], width: 20, height: 20), category: 0, score: 0.9)
      }
      ranking.add(found, of: image)
    }
    #expect(ranking.shown(most: 6) == [0, 1, 4, 5, 8, 9] && !ranking.hasMasks)
    let gallery = try #require(
      ranking.gallery(most: 6) { _ in Image(width: 1200, height: 20) })
    #expect(gallery.groups.map(\.title) == ["Worst", "Around the median", "Best"])
    #expect(
      gallery.groups.map { $0.scenes.map(\.file) } == [["0", "1"], ["4", "5"], ["8", "9"]])
    let picture = try #require(gallery.groups[0].scenes[0].picture)
    let small = try Image.decode(picture, name: "picture", orientation: .stored)
    #expect(small.width == 512 && small.height == 9)
  }

  @Test func nothingToJudgeIsNoGallery() throws {
    let dataset = try Sample.dataset()
    let ranking = SceneRanking(
      dataset, split: try Sample.split(), vocabulary: Sample.names,
      thresholds: DrawThresholds(given: 0.3, chosen: nil))
    #expect(ranking.gallery(most: 6) { _ in nil } == nil)
  }

  @Test func manyDetectionsAreCounted() throws {
    let dataset = try Sample.dataset()
    var ranking = SceneRanking(
      dataset, split: try Sample.split(), vocabulary: Sample.names,
      thresholds: DrawThresholds(given: 0.3, chosen: nil))
    let box = Box(x0: 0, y0: 0, x1: 20, y1: 20)
    ranking.add(
      (0..<60).map { _ in Detection(box: box, category: 0, score: 0.9) },
      of: dataset.images[0])
    let scene = try #require(ranking.gallery(most: 6) { _ in nil }).groups[0].scenes[0]
    #expect(scene.detections.count == 50 && scene.hiddenDetections == 10)
    #expect(scene.score.right == 1 && scene.score.wrong == 59)
  }
}
