import Distillation
import Student
package import Support

extension PipelineConfiguration {
  /// Refuses choices by which no student can be trained; to be asked before one is, as the teacher
  /// alone may detect as well.
  ///
  /// - Throws: `InputError` (`configuration`) for choices that exclude each other.
  package func checkStudent() throws(InputError) {
    try checkInitialWeights()
    let (method, labels) = (student.method, student.labels)
    guard labels == .base || method == .supervised else {
      throw InputError(
        .configuration, "novel categories would not be novel to the student", at: "student.labels",
        expected: "base, or student.method supervised", got: "all with \(method.rawValue)")
    }
    let threshold = distillation.training.repeatThreshold
    guard !method.distils || threshold == 0 else {
      throw InputError(
        .configuration, "images of rare categories are not repeated where a cache is read",
        expected:
          "distillation.training.repeat_threshold 0, or a student.method without distillation",
        got: "\(threshold)")
    }
  }

  private func checkInitialWeights() throws(InputError) {
    guard student.initialWeights == .proposalNetwork else { return }
    func refuse(expected: String, got: String) -> InputError {
      InputError(
        .configuration, "the student cannot start from the proposal network",
        at: "student.initial_weights", expected: expected, got: got)
    }
    if let file = proposals.file {
      throw refuse(expected: "proposals of a network of our own", got: "proposals.file \(file)")
    }
    guard student.network.firstStage.detector == proposalNetwork.firstStage.detector else {
      throw refuse(
        expected: "the same backbone, normalization, pyramid and proposals of both networks",
        got: "a proposals.network that differs")
    }
  }
}
