import Foundation
import Support
import Training

extension StageFolder {
  /// What a training leaves beside its weights.
  static let figures = ["log.jsonl", "curves.svg"]

  /// Records a training as done again whose weights are still what they were: its log without damaged
  /// lines, the curves drawn again. A log that is lost does not cost another training.
  ///
  /// - Parameters:
  ///   - weights: the name of their file.
  ///   - kind: of the training, in the title of the curves.
  /// - Returns: false where the weights are not whole, or that is not known.
  func keepsTraining(
    of weights: String, kind: String, _ report: Console
  ) throws(InputError) -> Bool {
    guard let record, !record.damage(in: path, .full).contains(where: { $0.name == weights })
    else { return false }
    if Files.exists(file(Self.figures[0])) {
      for line in try TrainingLog.mend(folder: path, kind: kind) { report.say(stage, line) }
    }
    try finish(outputs: [weights] + Self.figures.filter { Files.exists(file($0)) })
    report.say(stage, "\(file(weights)) is whole; nothing is trained again")
    return true
  }
}
