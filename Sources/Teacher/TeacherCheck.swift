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
    let anatomy = try folder.anatomy(precision: precision)
    facts = try folder.facts(of: anatomy)
    distances = try anatomy.towers.flatMap { towers in
      try folder.golden()?.distances(towers)
    }
  }
}

extension TeacherFolder {
  fileprivate func facts(
    of anatomy: TeacherAnatomy
  ) throws(InputError) -> [(label: String, value: String)] {
    let weights = try weights()
    let types = Set(weights.flatMap(\.parameterTypes)).map(\.rawValue).sorted()
    let without = "none in the folder: category names cannot be embedded"
    return [
      ("family", family.rawValue), ("image tower", anatomy.image), ("text tower", anatomy.text),
      ("embedding", "\(anatomy.width) numbers"), ("input", anatomy.input.description),
    ] + (assumption.map { [("assumed", $0)] } ?? []) + [
      ("tokenizer", anatomy.tokenizer ?? without),
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
  fileprivate func distances(
    _ towers: TeacherAnatomy.Towers
  ) throws(InputError) -> [TeacherCheck.Distance] {
    let side = towers.side
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
        towers.lengths ~= $0.count && $0.allSatisfy { 0..<towers.vocabulary ~= $0 }
      })
    else {
      throw InputError(
        .badData, "'input_ids' are no texts for the text tower", at: path,
        expected: "\(towers.lengths) tokens a text, ids in 0..<\(towers.vocabulary)")
    }
    let images = l2Normalize(Variable(towers.image.embed(pixels: pixels.channelsLast)))
    let words = l2Normalize(Variable(towers.text(tokens)))
    let logits = scale(innerProducts(images, words), by: towers.factor).value
    let bias = Tensor(logits.shape) { $0.initialize(repeating: towers.bias) }
    let outputs = [
      ("image_embeds", images.value), ("text_embeds", words.value),
      ("logits_per_image", logits + bias),
    ]
    return try outputs.map { name, value throws(InputError) in
      let stored = try tensor(name, shape: value.shape)
      return TeacherCheck.Distance(
        output: name, relativeError: value.relativeError(to: stored),
        cosine: value.smallestCosine(to: stored))
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
