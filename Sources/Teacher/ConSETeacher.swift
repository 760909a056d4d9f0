import Foundation
public import Networks
import Support
public import Tensors

/// A teacher made of an image classifier and a text encoder (Norouzi et al., 2014): an image is the
/// text embeddings of the classifier's classes, weighted with its softmax.
public struct ConSETeacher: Teacher {
  /// An image classifier over K known classes, norms folded.
  public let imageTower: EfficientNet
  /// The same in bfloat16, blocks fused; nil in float32, where crops go layer by layer.
  let rounded: FrozenClassifier?
  /// Reads the names of known classes and of categories alike.
  public let textTower: SentenceEncoder
  /// [K, D]: unit embeddings of the known classes' names, in `PromptTemplates.conse`.
  public let classText: Tensor

  /// EfficientNet-Lite2's own levels and size.
  public let preprocessing: Preprocessing

  /// One in float32: a crop's activations stay in the cache from layer to layer. As many in bfloat16 as share a
  /// passage of the last blocks' kernels.
  public var cropsPerBatch: Int { rounded == nil ? 1 : 8 }

  /// The four the class names are put into as well.
  public let templates = PromptTemplates.conse

  /// The files of a teacher's folder; together they are the teacher.
  public static let fileNames = [
    "image_tower.safetensors", "text_tower.safetensors", "text_config.json", "vocab.txt",
    "imagenet_classes.json",
  ]

  /// Unit embeddings [K, D] of K class names, by a text tower: made anew, or kept from before.
  public typealias ClassText = ([String], SentenceEncoder) throws -> Tensor

  /// Reads a folder with `fileNames`.
  ///
  /// - Parameters:
  ///   - precision: of the classifier's blocks.
  ///   - fit: how crops that are not square are treated.
  ///   - classText: by default they are made anew, in `PromptTemplates.conse`, which takes seconds.
  /// - Throws: `InputError` naming a file that is missing, damaged or does not go with the others, or a precision
  ///   that this processor lacks; what `classText` throws.
  public static func load(
    folder: String, precision: Precision = .float32, fit: Preprocessing.Fit = .squash,
    classText: ClassText? = nil
  ) throws -> ConSETeacher {
    try FrozenEfficientNet.requireAvailable(precision)
    for name in fileNames where !Files.exists("\(folder)/\(name)") {
      throw InputError(
        .missingInput, "no such file", at: "\(folder)/\(name)",
        expected: "a teacher's folder with \(fileNames.joined(separator: ", "))")
    }
    let text = try BERT.load(
      try BERTConfiguration(path: "\(folder)/text_config.json"),
      from: try SafeTensorsFile(path: "\(folder)/text_tower.safetensors"))
    let textTower = try SentenceEncoder(
      tokenizer: try WordPiece(vocabulary: "\(folder)/vocab.txt"), bert: text)
    let image = try EfficientNet.load(
      .lite(2), from: try SafeTensorsFile(path: "\(folder)/image_tower.safetensors"))
    let names = try classNames(
      path: "\(folder)/imagenet_classes.json", count: image.configuration.classes)
    return ConSETeacher(
      imageTower: image.folded(),
      rounded: precision == .float32 ? nil : FrozenClassifier(image, precision: precision),
      textTower: textTower,
      classText: try classText?(names, textTower) ?? textTower.embed(names: names, with: .conse),
      preprocessing: Preprocessing(
        size: 260, mean: .init(repeating: 127), standardDeviation: .init(repeating: 128),
        fit: fit))
  }

  private static func classNames(path: String, count: Int) throws(InputError) -> [String] {
    let data = try Files.read(path)
    guard let names = try? JSONDecoder().decode([String].self, from: data) else {
      throw InputError(.badData, "not a JSON list of class names", at: path)
    }
    guard names.count == count else {
      throw InputError(
        .badData, "class names and the image tower's classes do not match", at: path,
        expected: "\(count) names", got: "\(names.count)")
    }
    return names
  }

  /// D, the text tower's.
  public var width: Int { textTower.width }

  /// softmax(logits) times the class embeddings: [B, D].
  public func embedUnnormalized(pixels: Tensor) -> Tensor {
    let logits =
      rounded.map { Variable($0.logits(pixels: pixels)) } ?? imageTower.classify(Variable(pixels))
    let probabilities = softmax(logits)
    return linear(probabilities, Variable(classText)).value
  }
}
