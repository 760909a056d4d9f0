public import Pretraining
import Support

/// Trains a teacher from scratch on pictures that are made as they are needed.
public struct PretrainStage {
  private let folder: String
  private let configuration: PretrainingConfiguration
  private let report: Report

  private static let name = "pretrain"

  /// - Parameter folder: the teacher's, made when missing.
  public init(folder: String, configuration: PretrainingConfiguration, report: Report) {
    (self.folder, self.configuration, self.report) = (folder, configuration, report)
  }

  /// Trains the teacher unless it is there.
  public func execute(_ source: any CropSource) throws {
    let teacher = PretrainedTeacher(folder: folder, configuration: configuration, source: source)
    if try teacher.isFinished() { return report.say(Self.name, "up to date: \(folder)") }
    try Files.createFolder(folder)
    let lock = try StageLock("\(folder)/lock", stage: Self.name, folder: folder)
    try withExtendedLifetime(lock) { try teacher.make() }
    report.say(Self.name, "wrote \(folder), a teacher of the family clip")
  }
}
