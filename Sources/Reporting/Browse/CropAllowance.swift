import Detection
import Foundation
import Regions
import Support

/// Divides the bytes that a page has for crops among those that are still to come: what one leaves, the
/// others have.
struct CropAllowance {
  private var bytes: Int
  private var crops: Int

  /// - Parameter crops: how many will come.
  init(bytes: Int, crops: Int) { (self.bytes, self.crops) = (bytes, crops) }

  /// What the page's script reads of the next crop: its name, what it is an example of, score, image,
  /// box, and the JPEG in base64 or why there is none.
  mutating func text(
    of chosen: ChosenCrop, _ crop: CropCutter.Crop?, in pieces: CropCutter.Pieces
  ) -> (text: String, hasPicture: Bool) {
    precondition(crops > 0, "those that come were counted")
    let detection = pieces.detections[chosen.index]
    let words = JSONText.array([
      .number(chosen.name), .number(chosen.kinds.rawValue), .number(detection.score),
      .string(pieces.row.image.shown(120, fromEnd: true)),
      .array(detection.box.xywh.map { .number(Int($0.rounded())) }),
    ]).inScript.dropLast()
    func text(jpeg: String, reason: String) -> String {
      "\(words),\"\(jpeg)\",\(JSONText.string(reason.shown(120)).inScript)]"
    }
    // With the comma and the line end before it.
    let allowed = bytes / crops - 2
    let jpeg = crop.flatMap {
      $0.jpeg(atMost: (allowed - text(jpeg: "", reason: "").utf8.count) / 4 * 3)
    }
    let result = text(
      jpeg: jpeg?.base64EncodedString() ?? "",
      reason: jpeg == nil ? pieces.failure ?? "the page has no room for it" : "")
    bytes -= result.utf8.count + 2
    crops -= 1
    return (result, jpeg != nil)
  }
}

extension JSONText {
  /// As it may stand in a script element, which ends at any "</script". Byte by byte: to `Character`,
  /// some letters and a bracket behind them are one.
  var inScript: String {
    let bracket = UInt8(ascii: "<")
    guard description.utf8.contains(bracket) else { return description }
    let escaped = Array(#"\u003C"#.utf8)
    return String(
      decoding: description.utf8.flatMap { $0 == bracket ? escaped : [$0] }, as: UTF8.self)
  }
}

extension String {
  /// At most so many characters of Unicode of the text, and where some are missing a sign of it.
  ///
  /// - Parameter fromEnd: whether the last ones stay, as of a path.
  func shown(_ most: Int, fromEnd: Bool = false) -> String {
    if unicodeScalars.dropFirst(most).isEmpty { return self }
    var shown = UnicodeScalarView()
    shown.append(contentsOf: fromEnd ? unicodeScalars.suffix(most) : unicodeScalars.prefix(most))
    return fromEnd ? "…\(String(shown))" : "\(String(shown))…"
  }
}
