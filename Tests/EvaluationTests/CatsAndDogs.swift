import Datasets
import Evaluation

/// Tests on twenty cats and two dogs beside each other, below them nothing.
protocol CatsAndDogs {}

extension CatsAndDogs {
  func dataset() throws -> COCODataset {
    try COCODataset(
      images: [.init(id: 1, fileName: "1.jpg", width: 1000, height: 100)],
      annotations: (0..<22).map {
        .init(id: $0 + 1, imageID: 1, categoryID: $0 < 20 ? 1 : 2, bbox: place($0), area: 400)
      },
      categories: [
        .init(id: 1, name: "cat"), .init(id: 2, name: "dog"), .init(id: 3, name: "cow"),
      ],
      source: "test")
  }

  func place(_ index: Int, isRight: Bool = true) -> [Double] {
    [Double(index) * 30, isRight ? 0 : 70, 20, 20]
  }

  func found(
    _ objects: Range<Int>, category: Int = 1, _ score: Double, isRight: Bool = true
  ) -> [DetectionRecord] {
    objects.map {
      DetectionRecord(
        imageID: 1, categoryID: category, bbox: place($0, isRight: isRight), score: score)
    }
  }
}
