import Foundation
import Networks
import Support
public import Tensors

/// What a checkpoint folder holds, and how far its outputs are from those stored beside it.
///
/// The folder's `golden.safetensors`, where there is one, has `pixel_values` [B, 3, S, S],
/// `input_ids` and `attention_mask` [N, T], and the outputs of the original for them: `image_embeds`
/// [B, D] and `text_embeds` [N, D], unit rows, and `logits_per_image` [B, N].
public struct TeacherCheck: Sendable {
  /// How far one output is from the stored one.
  public struct Distance: Sendable {
    /// The output's name.
    public let output: String
    /// The largest difference over the largest stored element.
    public let relativeError: Float
    /// The smallest cosine between a row and the stored one.
    public let cosine: Float
  }

  /// The largest relative error that float32 may have.
  public static let largestError: Float = 1e-4
  /// The smallest cosine that bfloat16 may have.
  public static let smallestCosine: Float = 0.9995

  /// What was found, a label and a value a line.
  public let facts: [(label: String, value: String)]
  /// One for each output; nil where the folder has no golden file.
  public let distances: [Distance]?
  private let precision: Precision

  /// The outputs that are too far away.
  public var failures: [Distance] {
    (distances ?? []).filter {
      switch precision {
      case .float32: !($0.relativeError <= Self.largestError)
      case .bfloat16: !($0.cosine >= Self.smallestCosine)
      }
    }
  }

  /// Loads the checkpoint and runs both towers over the golden inputs.
  ///
  /// - Parameter precision: of the image tower's products.
  /// - Throws: `InputError` as loading the teacher does; a missing tokenizer is only noted.
  public init(_ folder: TeacherFolder, precision: Precision = .float32) throws {
    try folder.requireAvailable(precision)
    self.precision = precision
    switch folder.family {
    case .clip:
      let clip = try CLIP.load(folder: folder.path)
      let tokenizer = try BytePairTokenizer.load(folder: folder.path)
      facts =
        try folder.facts(
          of: clip.configuration.vision.description,
          clip.text.configuration.description, width: clip.vision.width,
          input: .clip(folder: folder.path, imageSize: clip.vision.imageSize),
          tokenizer: tokenizer.map { "byte pairs, \($0.count) tokens" })
      let tower = try clip.vision.frozen(precision: precision)
      distances = try folder.golden().map { golden in
        try golden.distances(
          tower, side: clip.vision.imageSize, scale: clip.cosineFactor,
          vocabulary: clip.text.configuration.vocabulary,
          limit: clip.text.configuration.positions
        ) { clip.text($0).value }
      }
    case .align:
      let align = try ALIGN.load(folder: folder.path)
      let tokenizer = try? WordPiece(folder: folder.path)
      facts =
        try folder.facts(
          of: align.configuration.vision.description,
          align.configuration.text.description, width: align.configuration.width,
          input: .align(folder: folder.path, imageSize: align.configuration.imageSize),
          tokenizer: tokenizer.map { "word pieces, \($0.count) tokens" })
      let tower = FrozenEfficientNet(align.vision, precision: precision)
      distances = try folder.golden().map { golden in
        try golden.distances(
          tower, side: nil, scale: 1 / align.temperature,
          vocabulary: align.configuration.text.vocabulary,
          limit: align.configuration.text.positions
        ) { align.embed(tokens: $0) }
      }
    case .conse:
      let conse = try ConSETeacher.load(folder: folder.path)
      facts =
        try folder.facts(
          of: "\(conse.imageTower.configuration.description), \(conse.classText.shape[0]) classes",
          conse.textTower.bert.configuration.description, width: conse.width,
          input: conse.preprocessing,
          tokenizer: "word pieces, \(conse.textTower.tokenizer.count) tokens")
      distances = nil
    }
  }
}

extension TeacherFolder {
  fileprivate func facts(
    of image: String, _ text: String, width: Int, input: Preprocessing, tokenizer: String?
  ) throws(InputError) -> [(label: String, value: String)] {
    let weights = try weights()
    let types = Set(weights.flatMap(\.parameterTypes)).map(\.rawValue).sorted()
    return [
      ("family", family.rawValue), ("image tower", image), ("text tower", text),
      ("embedding", "\(width) numbers"), ("input", input.description),
    ] + (assumption.map { [("assumed", $0)] } ?? []) + [
      ("tokenizer", tokenizer ?? "none in the folder: category names cannot be embedded"),
      (
        "parameters",
        "\(weights.reduce(0) { $0 + $1.parameterCount }) in \(types.joined(separator: ", "))"
      ),
    ]
  }

  /// The stored inputs and outputs; nil where there are none.
  fileprivate func golden() throws(InputError) -> SafeTensorsFile? {
    let file = "\(path)/golden.safetensors"
    return Files.exists(file) ? try SafeTensorsFile(path: file) : nil
  }
}

extension SafeTensorsFile {
  /// How far the outputs of two towers are from the stored ones.
  ///
  /// - Parameter side: what the image tower's input must have; nil is any.
  fileprivate func distances(
    _ tower: some ImageTower, side: Int?, scale factor: Float, vocabulary: Int, limit: Int,
    texts: ([[Int]]) -> Tensor
  ) throws(InputError) -> [TeacherCheck.Distance] {
    let pixels = try tensor("pixel_values")
    guard pixels.shape.count == 4, pixels.shape[1] == 3, pixels.shape[2] == pixels.shape[3],
      pixels.shape[2] == side ?? max(1, pixels.shape[2]), pixels.shape[0] > 0
    else {
      let side = side.map(String.init) ?? "S"
      throw InputError(
        .badData, "'pixel_values' are no pictures for the image tower", at: path,
        expected: "[B, 3, \(side), \(side)]", got: "\(pixels.shape)")
    }
    let tokens = try tokens()
    guard !tokens.isEmpty,
      tokens.allSatisfy({
        1...limit ~= $0.count && $0.allSatisfy { 0..<vocabulary ~= $0 }
      })
    else {
      throw InputError(
        .badData, "'input_ids' are no texts for the text tower", at: path,
        expected: "1...\(limit) tokens a text, ids in 0..<\(vocabulary)")
    }
    let images = l2Normalize(Variable(tower.embed(pixels: pixels.channelsLast)))
    let words = l2Normalize(Variable(texts(tokens)))
    let outputs = [
      ("image_embeds", images), ("text_embeds", words),
      ("logits_per_image", scale(innerProducts(images, words), by: factor)),
    ]
    return try outputs.map { name, value throws(InputError) in
      let stored = try tensor(name, shape: value.shape)
      return TeacherCheck.Distance(
        output: name, relativeError: value.value.relativeError(to: stored),
        cosine: value.value.smallestCosine(to: stored))
    }
  }

  /// The token ids of each text, without the padding.
  private func tokens() throws(InputError) -> [[Int]] {
    let (ids, mask) = (try integers("input_ids"), try integers("attention_mask"))
    guard let shape = shape(of: "input_ids"), shape.count == 2, mask.count == ids.count else {
      throw InputError(
        .badData, "'input_ids' and 'attention_mask' do not fit", at: path, expected: "[N, T]")
    }
    return (0..<shape[0]).map { text in
      let row = text * shape[1]..<(text + 1) * shape[1]
      return row.filter { mask[$0] != 0 }.map { ids[$0] }
    }
  }
}

extension Tensor {
  /// The largest difference over the other's largest element; infinite where an element is not
  /// finite.
  fileprivate func relativeError(to other: Tensor) -> Float {
    let (a, b) = (array, other.array)
    guard isFinite else { return .infinity }
    let largest = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
  }

  /// Over the rows of two matrices; not a number where one of the cosines is none.
  fileprivate func smallestCosine(to other: Tensor) -> Float {
    let (a, b) = (l2Normalize(Variable(self)).value.array, l2Normalize(Variable(other)).value.array)
    let width = shape[1]
    return (0..<shape[0]).reduce(1) { least, row in
      let cosine = (row * width..<(row + 1) * width).reduce(0) { $0 + a[$1] * b[$1] }
      // `min` would pass over NaN.
      return least.isNaN || cosine >= least ? least : cosine
    }
  }
}
