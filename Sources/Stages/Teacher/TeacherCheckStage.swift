import Foundation
import Support
import Teacher
public import Tensors

/// Says what a teacher's folder holds, and compares its outputs with those stored beside it.
public struct TeacherCheckStage {
  private let folder: String
  private let precision: Precision

  /// - Parameters:
  ///   - folder: the teacher's.
  ///   - precision: of the image tower's products.
  public init(folder: String, precision: Precision) {
    self.folder = folder
    self.precision = precision
  }

  /// Prints a line for each fact and each output.
  ///
  /// - Throws: `InputError` for a folder that cannot be loaded, or outputs that are too far away.
  public func execute() throws {
    let check = try TeacherCheck(try TeacherFolder(path: folder), precision: precision)
    func line(_ label: String, _ value: String) throws {
      try StandardOutput.print(label.padding(toLength: 18, withPad: " ", startingAt: 0) + value)
    }
    for fact in check.facts { try line(fact.label, fact.value) }
    try line("precision", precision.rawValue)
    guard let distances = check.distances else {
      try line("golden", "no inputs and outputs of two towers to compare with")
      return
    }
    for distance in distances {
      try line(
        distance.output,
        String(
          format: "largest relative error %.1e, smallest cosine %.7f", distance.relativeError,
          distance.cosine))
    }
    guard let worst = check.failures.first else { return }
    throw InputError(
      .badData, "\(worst.output) is not the original's", at: "\(folder)/golden.safetensors",
      expected: precision == .float32
        ? "a relative error up to \(TeacherCheck.largestError)"
        : "cosines from \(TeacherCheck.smallestCosine)",
      got: precision == .float32 ? "\(worst.relativeError)" : "\(worst.cosine)")
  }
}
