public import Datasets
import Support
import Tensors

extension TextEmbeddings {
  /// Two categories that the teacher can hardly tell apart.
  public struct NearDuplicate: Hashable, Sendable {
    /// The one that comes first in the vocabulary.
    public let first: CategoryName
    /// The later one.
    public let second: CategoryName
    /// Of the angle between their embeddings.
    public let cosine: Float
  }

  /// The pairs of categories whose texts are the same in the prompts, as "hot_dog" and "hot dog" are.
  ///
  /// Complexity: O(C).
  public func sameAfterCleanUp() -> [NearDuplicate] {
    func clean(_ text: String) -> String {
      templates.cleanUp(text).lowercased().split(whereSeparator: \.isWhitespace)
        .joined(separator: " ")
    }
    var earlier: [Set<String>: Int] = [:]
    var pairs: [NearDuplicate] = []
    for (index, category) in categories.enumerated() {
      let texts = Set(category.texts.map(clean))
      guard let first = earlier[texts] else {
        earlier[texts] = index
        continue
      }
      let (a, b) = (embeddings.rows(first..<first + 1), embeddings.rows(index..<index + 1))
      pairs.append(
        NearDuplicate(
          first: categories[first], second: category,
          cosine: innerProducts(Variable(a), Variable(b)).value.scalar))
    }
    return pairs
  }

  /// The pairs of categories with a cosine above `threshold`, the closest first.
  ///
  /// Complexity: O(C² D); memory O(C D).
  public func nearDuplicates(above threshold: Float = 0.95) -> [NearDuplicate] {
    let all = Variable(embeddings)
    var pairs: [NearDuplicate] = []
    for block in Array(categories.indices).chunks(of: width) {
      let rows = Variable(embeddings.rows(block.startIndex..<block.endIndex))
      innerProducts(rows, all).value.withElements { cosines in
        for first in block {
          let start = (first - block.startIndex) * categories.count
          for second in categories.indices.dropFirst(first + 1) {
            let cosine = cosines[start + second]
            guard cosine > threshold else { continue }
            pairs.append(
              NearDuplicate(
                first: categories[first], second: categories[second], cosine: cosine))
          }
        }
      }
    }
    return pairs.sorted { $0.cosine > $1.cosine }
  }
}
