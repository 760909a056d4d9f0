public import Emoji
public import Support

/// Makes a data set of scenes from Debian's emoji font.
public struct SampleStage {
  private let folder: String
  private let parameters: SampleParameters
  private let styles: [SceneStyle]
  private let report: Console

  /// - Parameters:
  ///   - folder: new, empty, or of an earlier run with the same parameters.
  ///   - styles: in which the validation images are made, besides plainly.
  public init(
    folder: String, parameters: SampleParameters, styles: [SceneStyle], report: Console
  ) {
    self.folder = folder
    self.parameters = parameters
    self.styles = styles
    self.report = report
  }

  /// Writes what is missing.
  ///
  /// - Throws: `InputError` as `EmojiCatalogue` and `SampleFolder`, or while another process writes
  ///   there; `Stopped` after a signal.
  public func execute() throws {
    let sample = try SampleFolder(
      folder, parameters: parameters, styles: styles, catalogue: try EmojiCatalogue())
    if try sample.isComplete() {
      report.say("sample", "up to date: \(folder)")
      return
    }
    let groups = sample.groups
    report.say(
      "sample",
      "\(groups.rare) rare, \(groups.common) common and \(groups.frequent) frequent categories; the "
        + "rare ones are novel")
    if groups.frequent == 0 {
      report.say(
        "sample",
        "LVIS calls a category frequent that is in more than 100 training images: with "
          + "\(parameters.images) none can be")
    }
    try Files.createFolder(folder)
    let lock = try StageLock("\(folder)/.lock", stage: "sample", folder: folder)
    try withExtendedLifetime(lock) { try sample.write(on: report) }
    try StandardOutput.print(
      "\(folder): \(parameters.images) training and \(parameters.validationImages.counted("validation image"))"
    )
  }
}
