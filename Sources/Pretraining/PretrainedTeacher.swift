import Foundation
import Networks
public import Support
import Teacher
import Tensors
import Training

/// A teacher's folder with the files of a published CLIP, made by training one from scratch on crops
/// and their texts.
///
/// The training's own files lie in its folder `training`; the weights are written last. What a step
/// shows follows from the seed and the step alone: `TrainingLoop` says when a resumed run is the
/// uninterrupted one.
public struct PretrainedTeacher {
  /// Is told in a line what goes wrong.
  public var warn: (String) -> Void = { _ in }
  private let folder: String
  private let configuration: PretrainingConfiguration
  private let source: any CropSource

  public init(
    folder: String, configuration: PretrainingConfiguration, source: any CropSource
  ) {
    (self.folder, self.configuration, self.source) = (folder, configuration, source)
  }

  /// Every choice, and what the crops are; a teacher or a checkpoint of others is refused.
  private var metadata: [String: String] { configuration.metadata(crops: source.fingerprint) }

  /// Whether the folder holds this very teacher.
  ///
  /// - Throws: `InputError` when it holds another, or one that is damaged.
  public func isFinished() throws(InputError) -> Bool {
    let path = "\(folder)/open_clip_model.safetensors"
    guard Files.exists(path) else { return false }
    // Teachers of older versions have no checksums.
    let file = try SafeTensorsFile(path: path)
    for (name, value) in metadata.sorted(by: { $0.key < $1.key })
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
  /// - Throws: what `TrainingLoop.run` and the source throw, or `InputError` for a name that is too
  ///   long for the text tower, or where a file cannot be written.
  public func make(on console: Console = .silent) throws {
    try Files.createFolder(folder)
    let vocabulary = BytePairVocabulary(
      learningFrom: PretrainingTexts.corpus(source.categories), limit: configuration.merges)
    try vocabulary.write(folder: folder)
    guard let tokenizer = try BytePairTokenizer.load(folder: folder) else {
      preconditionFailure("the vocabulary has just been written")
    }
    let texts = try PretrainingTexts(source.categories, configuration, tokenizer)
    let clip = CLIP(configuration.model(vocabulary: tokenizer.count), seed: configuration.seed)
    try train(clip, texts, on: console)
    try clip.write(folder: folder, metadata: metadata)
  }

  private func train(_ clip: CLIP, _ texts: PretrainingTexts, on console: Console) throws {
    let (configuration, source) = (configuration, source)
    let (rate, warmup) = (configuration.learningRate, configuration.warmupSteps)
    var loop = TrainingLoop(
      kind: "teacher", parameters: clip.parameters,
      optimizer: configuration.optimizer(of: clip.parameters), seed: configuration.seed,
      rates: { steps in
        Schedule(
          rate: rate, warmup: warmup, warmupRate: rate / Float(max(1, warmup)),
          decay: .cosine(end: steps))
      }, folder: "\(folder)/training", metadata: metadata)
    loop.checkpointSteps = configuration.checkpointSteps
    (loop.stage, loop.console) = ("pretrain", console)
    loop.warn = warn
    (loop.advice.learningRate, loop.advice.gradientClip) = ("--learning-rate", "--gradient-clip")
    loop.counts = ["top1", "crops_per_second", "cosine_factor"]
    loop.afterStep = { seconds in
      clip.clampCosineFactor()
      return [
        ("crops_per_second", Double(configuration.cropsPerStep) / seconds),
        ("cosine_factor", Double(clip.cosineFactor)),
      ]
    }
    let batches = TrainingSource(places: configuration.steps, imageID: { _ in nil }) { step in
      PretrainingBatch(
        step: step, categories: source.categories.count, configuration: configuration, texts: texts)
    }
    try loop.run(batches) { batch, _ in
      try PretrainingExample(batch, of: source, configuration)
    } losses: { examples, _, tape, _ in
      examples[0].loss(of: clip, on: tape)
    }
  }
}
