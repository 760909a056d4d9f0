import Datasets
import Detection
import Regions
import Reporting
import Testing

@Suite struct PhotographChoiceTests {
  /// Five photographs with a cat, a dog and a fox each at the same places; of which some are found.
  private func choice(_ found: [[Int]]) throws -> PhotographChoice {
    let names = ["cat", "dog", "fox"]
    func box(_ place: Int) -> [Double] { [Double(place) * 30, 0, 20, 20] }
    let dataset = try COCODataset(
      images: found.indices.map {
        .init(id: $0, fileName: "\($0).jpg", width: 100, height: 30)
      },
      annotations: found.indices.flatMap { image in
        (0..<3).map {
          .init(id: image * 3 + $0, imageID: image, categoryID: $0 + 1, bbox: box($0), area: 400)
        }
      }, categories: names.enumerated().map { .init(id: $0.offset + 1, name: $0.element) },
      source: "test")
    var choice = PhotographChoice(dataset, vocabulary: names, novel: ["fox"])
    for (image, categories) in zip(dataset.images, found) {
      choice.add(
        categories.map { category in
          // Three and more stand for a mistake: a cat where nothing is.
          let place = category < 3 ? box(category) : [Double(category), 9, 3, 3]
          return Detection(
            box: Box(x: place[0], y: place[1], width: place[2], height: place[3]),
            category: category % 3, score: 0.9)
        }, of: image)
    }
    return choice
  }

  /// The one with the fox first, though others are better; then the one with a dog, which none has
  /// shown; then the better of the other two; the one with only a mistake never.
  @Test func novelNamesAndNewNamesFirst() throws {
    let choice = try choice([[0], [3], [0, 2, 3, 6], [0, 3], [0, 1]])
    #expect(choice.best(10) == [2, 4, 0, 3])
    #expect(choice.best(2) == [2, 4])
  }

  @Test func ofEqualOnesTheFirst() throws {
    #expect(try choice([[1], [0], [0], [1]]).best(3) == [0, 1, 2])
    #expect(try choice([[3], []]).best(3) == [])
  }
}
