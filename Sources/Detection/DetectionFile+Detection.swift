import Datasets
import Regions
import Support

extension DetectionFile {
  /// A header's names as lines have them.
  struct Names: Sendable {
    let categories: [JSONText]
    /// Of each category.
    let parents: [JSONText?]
    let attributes: [JSONText]

    init(_ header: Header) {
      categories = header.categories.map(JSONText.string)
      parents = header.categories.map { header.parents[$0].map(JSONText.string) }
      attributes = header.attributes.map(JSONText.string)
    }
  }

  /// Where a header's names are.
  struct Positions: Sendable {
    let categories: [String: Int]
    /// Of each category.
    let parents: [String?]
    let attributes: [String: Int]

    init(_ header: Header) {
      func positions(_ names: [String]) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: zip(names, names.indices))
      }
      categories = positions(header.categories)
      parents = header.categories.map { header.parents[$0] }
      attributes = positions(header.attributes)
    }
  }
}

extension Detection {
  /// Adds it as it stands in its image's line.
  ///
  /// - Parameter boxes: where boxes stand in the line already.
  func write(
    to line: inout JSONBytes, _ names: DetectionFile.Names, _ boxes: inout [Box: Range<Int>]
  ) {
    precondition(box.isFinite && score.isFinite, "a detection is made of numbers")
    precondition(
      (attribute == nil) == names.attributes.isEmpty
        && (parentProbability == nil) == (names.parents[category] == nil),
      "a detection has what its file's header says")
    line.add("{\"category\":")
    line.add(names.categories[category])
    if let parent = names.parents[category] {
      line.add(",\"parent\":")
      line.add(parent)
    }
    if let attribute {
      line.add(",\"attribute\":")
      line.add(names.attributes[attribute.index])
    }
    line.add(",\"bbox\":[")
    if let known = boxes[box] {
      line.repeat(known)
    } else {
      let start = line.bytes.count
      for (index, number) in box.xywh.enumerated() {
        if index > 0 { line.add(",") }
        line.add(number)
      }
      boxes[box] = start..<line.bytes.count
    }
    line.add("],\"score\":")
    line.add(score)
    Self.add(
      "probabilities", ("category", attribute?.categoryProbability),
      ("parent", parentProbability), ("attribute", attribute?.probability), to: &line)
    Self.add("cosine", ("text", cosine.text), ("image", cosine.image), to: &line)
    if let mask {
      line.add(",\"mask\":")
      line.add(.string(mask.compressed))
    }
    line.add("}")
  }

  /// A member with the numbers that there are; none without any.
  private static func add(
    _ name: StaticString, _ numbers: (StaticString, Float?)..., to line: inout JSONBytes
  ) {
    var isFirst = true
    for (member, number) in numbers {
      guard let number else { continue }
      line.add(",\"")
      if isFirst {
        line.add(name)
        line.add("\":{\"")
      }
      line.add(member)
      line.add("\":")
      line.add(number)
      isFirst = false
    }
    if !isFirst { line.add("}") }
  }
}

extension JSONCursor {
  /// - Parameter size: of the image, in pixels.
  mutating func readDetection(
    _ names: DetectionFile.Positions, in size: (width: Int, height: Int)
  ) throws(InputError) -> Detection {
    var category: Int?
    var parent: String?
    var attribute: Int?
    var box: Box?
    var score: Float?
    var probabilities = Probabilities()
    var cosine = Detection.Cosine()
    var mask: Mask?
    try readObject { cursor, key throws(InputError) in
      switch key {
      case "category":
        category = try cursor.readName(
          among: names.categories, orElse: "not a category of the header")
      case "parent": parent = try cursor.readString()
      case "attribute":
        attribute = try cursor.readName(
          among: names.attributes, orElse: "not an attribute of the header")
      case "bbox": box = try cursor.readBox()
      case "score": score = try cursor.readFloat()
      case "probabilities": probabilities = try cursor.readProbabilities()
      case "cosine": cosine = try cursor.readCosine()
      case "mask": mask = try cursor.readMask(of: size)
      default: try cursor.skipValue()
      }
    }
    let known = try require(category, "category")
    guard parent == names.parents[known], (parent == nil) == (probabilities.parent == nil) else {
      throw fault("not the parent of the header", member: ".parent", got: parent)
    }
    guard (attribute == nil) == names.attributes.isEmpty else {
      throw fault("an attribute is missing", member: ".attribute")
    }
    return Detection(
      box: try require(box, "bbox"), category: known, score: try require(score, "score"),
      mask: mask,
      attribute: try attribute.map { index throws(InputError) in
        guard let own = probabilities.category, let probability = probabilities.attribute else {
          throw fault("the attribute's probability is missing", member: ".probabilities")
        }
        return Detection.Attribute(
          index: index, probability: probability, categoryProbability: own)
      }, parentProbability: probabilities.parent, cosine: cosine)
  }

  private struct Probabilities {
    var category, parent, attribute: Float?
  }

  private mutating func readProbabilities() throws(InputError) -> Probabilities {
    var probabilities = Probabilities()
    try readObject { cursor, key throws(InputError) in
      let value = try cursor.readFloat(in: 0...1, orElse: "not a probability")
      switch key {
      case "category": probabilities.category = value
      case "parent": probabilities.parent = value
      case "attribute": probabilities.attribute = value
      default: break
      }
    }
    return probabilities
  }

  private mutating func readCosine() throws(InputError) -> Detection.Cosine {
    var (text, image): (Float?, Float?)
    try readObject { cursor, key throws(InputError) in
      let value = try cursor.readFloat(in: -1...1, orElse: "not a cosine")
      switch key {
      case "text": text = value
      case "image": image = value
      default: break
      }
    }
    return Detection.Cosine(text: text, image: image)
  }

  private mutating func readFloat(
    in range: ClosedRange<Float>, orElse problem: String
  ) throws(InputError) -> Float {
    let value = try readFloat()
    guard range.contains(value) else { throw fault(problem, got: "\(value)") }
    return value
  }

  /// The place of a name.
  private mutating func readName(
    among names: [String: Int], orElse problem: String
  ) throws(InputError) -> Int {
    let name = try readString()
    guard let place = names[name] else { throw fault(problem, got: name) }
    return place
  }

  /// `[x, y, width, height]`.
  private mutating func readBox() throws(InputError) -> Box {
    var numbers = SIMD4<Double>.zero
    var count = 0
    try readArray { cursor, index throws(InputError) in
      let number = try cursor.readDouble()
      if index < 4 { numbers[index] = number }
      count += 1
    }
    guard count == 4, (0..<4).allSatisfy({ abs(numbers[$0]) < 1e9 }), numbers[2] >= 0,
      numbers[3] >= 0
    else {
      let got = (0..<min(count, 4)).map { "\(numbers[$0])" }.joined(separator: ", ")
      throw fault(
        "not x, y, width, height", got: count > 4 ? count.counted("number") : "[\(got)]")
    }
    return Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
  }

  private mutating func readMask(of size: (width: Int, height: Int)) throws(InputError) -> Mask {
    let text = try readString()
    do throws(InputError) {
      return try Mask(width: size.width, height: size.height, compressed: text)
    } catch {
      throw fault(error.what, got: error.got)
    }
  }
}
