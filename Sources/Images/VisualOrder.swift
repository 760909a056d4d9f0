/// The order in which a line's characters are drawn from left to right: what names need of the Unicode
/// bidirectional algorithm (UAX #9), in a line that begins at the left.
///
/// From its first to its last letter a right-to-left passage is turned round, with what stands between
/// them; numbers in it keep their order, and brackets open to the other side. What follows the last
/// letter, as a score does, stands at the right.
package enum VisualOrder {
  private static let mirrored: [Character: Character] = [
    "(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{", "<": ">", ">": "<", "«": "»",
    "»": "«", "‹": "›", "›": "‹",
  ]
  private static let closing: Set<Character> = [")", "]", "}"]

  package static func characters(of text: String) -> [Character] {
    let characters = Array(text)
    var ordered: [Character] = []
    var place = 0
    while place < characters.count {
      guard isRightToLeft(characters[place]) else {
        ordered.append(characters[place])
        place += 1
        continue
      }
      let end = end(of: characters, from: place)
      ordered += turnedRound(characters[place..<end])
      place = end
    }
    return ordered
  }

  private static func isRightToLeft(_ character: Character) -> Bool {
    guard let code = character.unicodeScalars.first?.value, !character.isNumber else {
      return false
    }
    return (0x590...0x8FF).contains(code) || (0xFB1D...0xFDFF).contains(code)
      || (0xFE70...0xFEFF).contains(code) || (0x10800...0x10FFF).contains(code)
      || (0x1E800...0x1EFFF).contains(code)
  }

  /// Where the passage ends whose first letter stands at `start`.
  private static func end(of characters: [Character], from start: Int) -> Int {
    var end = start + 1
    var open: [(close: Character, place: Int)] = []
    for place in start..<characters.count {
      let character = characters[place]
      if isRightToLeft(character) {
        end = place + 1
      } else if closing.contains(character) {
        // One that was opened before the passage belongs to the text around.
        guard let last = open.popLast(), last.close == character else { return end }
        if last.place < end { end = place + 1 }
      } else if let close = mirrored[character], closing.contains(close) {
        open.append((close, place))
      } else if character.isLetter {
        return end
      }
    }
    return end
  }

  private static func turnedRound(_ passage: ArraySlice<Character>) -> [Character] {
    var parts: [[Character]] = []
    for (place, character) in zip(passage.indices, passage) {
      // A digit, or what stands between two: "1.5", "10:30".
      let isInNumber =
        character.isNumber
        || ".,:/".contains(character) && passage.indices.contains(place + 1)
          && passage[place + 1].isNumber
      if isInNumber,
        parts.last?.last?.isNumber ?? false
          || character.isNumber && parts.last.map { $0.count > 1 } ?? false
      {
        parts[parts.count - 1].append(character)
      } else {
        parts.append([mirrored[character] ?? character])
      }
    }
    return parts.reversed().flatMap(\.self)
  }
}
