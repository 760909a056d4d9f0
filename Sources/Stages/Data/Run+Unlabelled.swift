import Datasets
import Pipeline

extension Run {
  /// The names of which training saw no label.
  func unlabelled(of names: [String], split: CategorySplit) -> Set<String> {
    Set(names).subtracting(labelled(of: split))
  }

  /// The names of which training saw labels, and the words that the pipeline file has for them: another data
  /// set may call "potted plant" what this one calls "pottedplant".
  func labelled(of split: CategorySplit) -> Set<String> {
    let labelled = configuration.student.labels == .all ? split.allBase : split
    return Set(labelled.base.flatMap { [$0] + configuration.data.worded(CategoryName($0)).texts })
  }
}
