import Foundation
public import Pipeline
public import Ranks
public import Support

/// One run of a pipeline: its configuration, where its inputs are, where its outputs go.
///
/// Every stage keeps its outputs in a folder named after the stage and a hash of all it depends on,
/// so that a changed choice makes new outputs beside the old ones and never a mixture.
public struct Run: Sendable {
  public let configuration: PipelineConfiguration
  /// The folder that the pipeline file's paths are relative to.
  public let data: String
  /// The folder of all runs.
  let root: String
  /// `<runs>/<pipeline's name>`
  public let folder: String
  /// `<runs>/.text`: text embeddings, shared by all pipelines; no pipeline's name begins so.
  let textFolder: String
  /// `<runs>/.receipts`: what commands looked at that left nothing to do.
  let receiptFolder: String
  /// What the image files hold, in `<runs>/.images.json`: shared by all pipelines.
  let imageContents: ImageContents
  /// The pipeline file; nil where the configuration came from elsewhere.
  let source: String?
  /// What the command has read.
  let workspace: Workspace
  /// The processes that train together.
  let ranks: Ranks

  /// - Parameters:
  ///   - data: the data root.
  ///   - runs: the folder of all runs.
  ///   - source: the pipeline file, to be written beside the outputs.
  ///   - ranks: that train together; this process is one of them.
  /// - Throws: `InputError` when the data root is not a folder, or a file is where outputs go.
  public init(
    _ configuration: PipelineConfiguration, data: String, runs: String, source: String? = nil,
    ranks: Ranks = .alone
  ) throws(InputError) {
    guard Self.isFolder(data) else {
      throw InputError(
        .missingInput, "no such folder", at: data, expected: "the data root",
        hint: "give it with --data, or DATA= to make")
    }
    guard Self.isFolder(runs) || !Files.exists(runs) else {
      throw InputError(
        .cannotCreate, "outputs cannot go here", at: runs, expected: "a folder", got: "a file")
    }
    self.configuration = configuration
    self.source = source.map { URL(filePath: $0).standardizedFileURL.path }
    (self.data, self.ranks) = (data, ranks)
    root = runs
    folder = "\(runs)/\(configuration.name)"
    textFolder = "\(runs)/.text"
    receiptFolder = "\(runs)/.receipts"
    imageContents = .stored(in: "\(runs)/.images.json")
    workspace = Workspace()
  }

  /// The same data with other choices, by the same command; the pipeline's name stays.
  func with(_ configuration: PipelineConfiguration) -> Run {
    Run(self, configuration)
  }

  private init(_ other: Run, _ configuration: PipelineConfiguration) {
    self.configuration = configuration
    (data, root, folder) = (other.data, other.root, other.folder)
    (textFolder, receiptFolder) = (other.textFolder, other.receiptFolder)
    (imageContents, source, workspace) = (other.imageContents, other.source, other.workspace)
    ranks = other.ranks
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// A path of the pipeline file in full.
  public func path(_ relative: String) -> String {
    PathText.join(data, relative)
  }

  /// The folder of a stage's outputs.
  func folder(_ stage: String, _ inputs: StageInputs) -> String {
    "\(folder)/\(stage)-\(inputs.hash.prefix(12))"
  }
}
