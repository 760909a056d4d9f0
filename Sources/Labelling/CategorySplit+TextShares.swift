package import Datasets
import Student

extension CategorySplit {
  /// How much an ensemble's text head decides about each of these categories.
  package func textShares(of names: [String]) -> [Float] {
    let (base, novel) = (Set(base), Set(novel))
    return names.map {
      base.contains($0) ? TextShare.base : novel.contains($0) ? TextShare.novel : TextShare.unknown
    }
  }
}
