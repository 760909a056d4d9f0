import Datasets
import Pipeline

extension Run {
  /// The names of which training saw no label.
  func unlabelled(of names: [String], split: CategorySplit) -> Set<String> {
    Set(names).subtracting(labelled(of: split))
  }

  /// The names of which training saw labels, and the words for them.
  func labelled(of split: CategorySplit) -> Set<String> {
    let labelled = configuration.student.labels == .all ? split.allBase : split
    return configuration.data.spellings(of: labelled.base)
  }
}
