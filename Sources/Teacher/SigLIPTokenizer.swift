import Foundation
import Support

/// One of the two tokenizers of SigLIP's folders.
public protocol SigLIPTokenizing: Sendable, CustomStringConvertible {
  /// The ids of `text` and its end; never cut short.
  func encode(_ text: String) -> [Int]

  /// The id that fills a text up.
  var padding: Int { get }

  /// How many ids there are.
  var count: Int { get }
}

/// The tokenizer of a SigLIP folder: SentencePiece of SigLIP, Gemma's of SigLIP 2.
enum SigLIPTokenizer {
  /// The model of SentencePiece's own form.
  static let sentencePieceFile = "spiece.model"
  private static let descriptionFile = "tokenizer.json"

  /// The files a folder's tokenizer can be in, as a user should read it.
  static let fileNames = "\(sentencePieceFile) (SigLIP) or \(descriptionFile) (SigLIP 2)"

  /// The name of the file that is read; nil where there is none.
  static func file(in folder: String) -> String? {
    [sentencePieceFile, descriptionFile].first { Files.exists("\(folder)/\($0)") }
  }

  /// The folder's tokenizer; nil when there is none.
  ///
  /// - Throws: `InputError` naming a file that is damaged or of another tokenizer.
  static func load(folder: String) throws(InputError) -> (any SigLIPTokenizing)? {
    guard let file = file(in: folder) else { return nil }
    let configuration = try TokenizerConfiguration(folder: folder)
    let place = "\(folder)/tokenizer_config.json"
    guard configuration.paddingSide ?? "right" == "right" else {
      throw InputError(
        .badData, "unusable 'padding_side'", at: place, expected: "right, as SigLIP was trained",
        got: configuration.paddingSide)
    }
    if file == sentencePieceFile {
      guard configuration.doLowerCase ?? true else {
        throw InputError(
          .badData, "unusable 'do_lower_case'", at: place, expected: "true, as SigLIP was trained",
          got: "false")
      }
      return try SigLIPPieces(try SentencePieceModel(path: "\(folder)/\(file)"))
    }
    return try read(description: "\(folder)/\(file)")
  }

  /// `tokenizer.json` of one of the two.
  private static func read(
    description path: String
  ) throws(InputError) -> any SigLIPTokenizing {
    let description = try TokenizerDescription(path: path)
    switch description.type {
    case "BPE": return try GemmaTokenizer(description)
    case "Unigram": return try SigLIPPieces(try SentencePieceModel(description))
    case let other:
      throw InputError(
        .badData, "an unknown tokenizer model", at: path,
        expected: "model.type BPE (SigLIP 2's) or Unigram (SigLIP's)", got: other ?? "none")
    }
  }
}

extension String {
  /// Python's ASCII punctuation, which SigLIP takes out of texts.
  private static let punctuation = Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".unicodeScalars)

  /// SigLIP's canonical form of a text: lower case, no ASCII punctuation, white space collapsed and
  /// trimmed.
  var canonicalForSigLIP: String {
    var clean = String.UnicodeScalarView()
    let scalars = Array(unicodeScalars)
    for (place, scalar) in scalars.enumerated() {
      if Self.punctuation.contains(scalar) { continue }
      if 0x1C...0x1F ~= scalar.value || scalar.properties.isWhitespace {
        if let last = clean.last, last != " " { clean.append(" ") }
      } else if scalar.value == 0x03A3 {
        clean.append(scalars.endsWord(at: place) ? "ς" : "σ")
      } else {
        clean.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    if clean.last == " " { clean.removeLast() }
    return String(clean)
  }
}
