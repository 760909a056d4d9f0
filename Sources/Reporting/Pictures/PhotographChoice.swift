public import Datasets
public import Detection
import Evaluation

/// Chooses photographs that show what a detector can do: of many right detections and few mistakes,
/// and together of many names, those first that had no label in training. Not what is usual.
public struct PhotographChoice {
  private struct Candidate {
    let id: Int
    let f1: Double
    /// Names that are rightly found, and those of them that are novel.
    let names, novel: Set<String>
    let right: Int
  }

  private let dataset: COCODataset
  private let vocabulary: [String]
  private let categoryIDs: [Int]
  private let counted: Set<Int>
  private let novel: Set<String>
  private var candidates: [Candidate] = []

  /// - Parameters:
  ///   - vocabulary: the names that detections refer to.
  ///   - novel: those of them that had no label in training.
  public init(_ dataset: COCODataset, vocabulary: [String], novel: Set<String>) {
    let ids = Dictionary(dataset.categories.map { ($0.name, $0.id) }) { first, _ in first }
    (self.dataset, self.vocabulary, self.novel) = (dataset, vocabulary, novel)
    categoryIDs = vocabulary.map { ids[$0] ?? -1 }
    counted = Set(categoryIDs)
  }

  /// Considers a photograph; one without a right detection is never chosen.
  ///
  /// - Parameter detections: those that would be drawn, best first.
  public mutating func add(_ detections: [Detection], of image: COCODataset.Image) {
    let score = ImageScore(
      of: detections.map { ($0.box, categoryIDs[$0.category]) },
      truths: dataset.annotations(of: image.id).filter { counted.contains($0.categoryID) },
      in: image)
    let names = Set(
      zip(detections, score.judgements).filter { $1 == .right }.map { vocabulary[$0.0.category] })
    guard let f1 = score.f1, !names.isEmpty else { return }
    candidates.append(
      Candidate(
        id: image.id, f1: f1, names: names, novel: names.intersection(novel), right: score.right))
  }

  /// The ids of at most `count` photographs. One after the other is taken: those with a novel name that
  /// none before it shows go first, then those with any such name; of these the best F1 at IoU 0.5.
  public func best(_ count: Int) -> [Int] {
    var (left, chosen, shown) = (candidates, [Int](), Set<String>())
    func rank(_ one: Candidate) -> (Int, Int, Double, Int, Int) {
      (
        one.novel.isSubset(of: shown) ? 0 : 1, one.names.isSubset(of: shown) ? 0 : 1, one.f1,
        one.right, -one.id
      )
    }
    while chosen.count < count,
      let next = left.indices.max(by: { rank(left[$0]) < rank(left[$1]) })
    {
      chosen.append(left[next].id)
      shown.formUnion(left[next].names)
      left.remove(at: next)
    }
    return chosen
  }
}
