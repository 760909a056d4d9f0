import Datasets
import Pipeline

extension Run {
  /// The names of which training saw no label.
  func unlabelled(of names: [String], split: CategorySplit) -> Set<String> {
    let labelled = configuration.student.labels == .all ? split.allBase : split
    return Set(names).subtracting(configuration.data.spellings(ofBaseIn: labelled))
  }
}
