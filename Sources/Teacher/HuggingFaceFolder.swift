import Networks
import Support
import Tensors

/// Folders as Hugging Face publishes CLIP and ALIGN.
enum HuggingFaceFolder {
  /// What may stand beside the weights. One list for both, so that the fingerprint of a folder is
  /// what it always was.
  static let settings = [
    "config.json", OpenCLIP.configurationFile, "tokenizer_config.json", "tokenizer.json",
    "vocab.json", "vocab.txt", "merges.txt", BytePairTokenizer.mergesFileName,
  ]

  /// Those of `names` that are in the folder, what prepares images, and the files of the weights.
  static func files(
    _ names: [String], in folder: String, _ weights: [Weights]
  ) -> [String] {
    let own = "\(folder)/\(ImageProcessorFile.own)"
    // Read where the other is not there.
    let images = Files.exists(own) ? own : "\(folder)/\(ImageProcessorFile.shared)"
    return (names.map { "\(folder)/\($0)" } + [images]).filter(Files.exists)
      + weights.flatMap(\.files)
  }

  /// What is assumed of a folder that says nothing of images; nil where it does.
  static func assumption(_ folder: String, of authors: String) -> String? {
    if ImageProcessorFile.path(in: folder) != nil { return nil }
    let (own, shared) = (ImageProcessorFile.own, ImageProcessorFile.shared)
    return assumption(folder, without: "\(own), and no image_processor in \(shared)", of: authors)
  }

  /// The same of a folder without `what`.
  static func assumption(_ folder: String, without what: String, of authors: String) -> String {
    "\(folder) has no \(what): images are prepared as \(authors) authors do"
  }
}
