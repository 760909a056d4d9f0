import Foundation
import Networks
public import Support
import Teacher
import Tensors

/// A teacher's folder with the files of a published CLIP, made by training one from scratch.
///
/// The training's own files lie in its folder `training`; the weights are written last.
public struct PretrainedTeacher {
  private let folder: String
  private let loop: PretrainingLoop

  public init(
    folder: String, configuration: PretrainingConfiguration, source: any CropSource
  ) {
    self.folder = folder
    loop = PretrainingLoop(
      configuration: configuration, source: source, folder: "\(folder)/training")
  }

  /// Whether the folder holds this very teacher.
  ///
  /// - Throws: `InputError` when it holds another, or one that is damaged.
  public func isFinished() throws(InputError) -> Bool {
    let path = "\(folder)/open_clip_model.safetensors"
    guard Files.exists(path) else { return false }
    // Teachers of older versions have no checksums.
    let file = try SafeTensorsFile(path: path)
    for (name, value) in loop.metadata.sorted(by: { $0.key < $1.key })
    where file.metadata[name] != value {
      throw InputError(
        .badData, "the folder holds another teacher, with another \(name)", at: path,
        expected: value, got: file.metadata[name] ?? "none", hint: "choose another folder")
    }
    try file.check()
    return true
  }

  /// Learns the vocabulary, trains and writes the folder; continues where it was stopped.
  ///
  /// - Parameter console: where progress is shown.
  /// - Throws: what `PretrainingLoop.run` throws, or `InputError` where a file cannot be written.
  public func make(on console: Console = .silent) throws {
    try Files.createFolder(folder)
    let configuration = loop.configuration
    let vocabulary = BytePairVocabulary(
      learningFrom: PretrainingTexts.corpus(loop.source.categories),
      limit: configuration.merges)
    try vocabulary.write(folder: folder)
    guard let tokenizer = try BytePairTokenizer.load(folder: folder) else {
      preconditionFailure("the vocabulary has just been written")
    }
    let clip = try loop.run(tokenizer: tokenizer, on: console)
    try clip.write(folder: folder, metadata: loop.metadata)
  }
}
