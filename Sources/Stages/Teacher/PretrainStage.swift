import Pipeline
public import Pretraining
public import Support
import Teacher

/// Trains the emoji benchmark's teacher on crops that are drawn as they are needed.
public struct PretrainStage {
  private let folder: String
  private let configuration: PretrainingConfiguration
  private let report: Console

  private static let name = "pretrain"
  /// Crops of each category that the teacher is tried with in the end.
  private static let trials = 4

  /// - Parameter folder: the teacher's, made when missing.
  public init(folder: String, configuration: PretrainingConfiguration, report: Console) {
    (self.folder, self.configuration, self.report) = (folder, configuration, report)
  }

  /// Trains the teacher unless it is there, and prints how often it names crops rightly that it has
  /// not seen.
  ///
  /// - Throws: `InputError` for choices that do not go together, a folder that holds something else,
  ///   or a catalogue that is not there; `Stopped` after a signal.
  public func execute() throws {
    try configuration.check()
    let source = try EmojiCrops(side: configuration.imageSize)
    var teacher = PretrainedTeacher(folder: folder, configuration: configuration, source: source)
    teacher.warn = { report.warn(Self.name, $0) }
    if try teacher.isFinished() {
      report.say(Self.name, "up to date: \(folder)")
    } else {
      try Files.createFolder("\(folder)/training")
      let lock = try StageLock("\(folder)/training/lock", stage: Self.name, folder: folder)
      try withExtendedLifetime(lock) { try teacher.make(on: report) }
      report.say(Self.name, "wrote \(folder), a teacher of the family clip")
    }
    let accuracy = try ZeroShotAccuracy(
      of: CLIPTeacher.load(folder: folder), on: source, cropsEach: Self.trials,
      seed: configuration.seed)
    try StandardOutput.print(
      "fresh crops named among \(source.categories.count.counted("name")): \(accuracy)")
  }
}
