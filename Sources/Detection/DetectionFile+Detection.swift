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

  /// What a line holds of a detection, before it is checked.
  struct Found: Decodable {
    struct Probabilities: Decodable {
      var category: Float?
      var parent: Float?
      var attribute: Float?
    }
    struct Cosine: Decodable {
      var text: Float?
      var image: Float?
    }
    var category: String
    var parent: String?
    var attribute: String?
    var bbox: [Double]
    var score: Float
    var probabilities: Probabilities?
    var cosine: Cosine?
    var mask: String?
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

  /// - Parameters:
  ///   - size: of the image, in pixels.
  ///   - error: what is wrong with a member, and what stands there.
  init(
    _ found: DetectionFile.Found, _ names: DetectionFile.Positions,
    in size: (width: Int, height: Int),
    error: (_ what: String, _ member: String, _ got: String?) -> InputError
  ) throws(InputError) {
    guard let category = names.categories[found.category] else {
      throw error("not a category of the header", "category", found.category)
    }
    guard found.bbox.count == 4, found.bbox.allSatisfy({ abs($0) < 1e9 }),
      found.bbox[2] >= 0, found.bbox[3] >= 0
    else { throw error("not x, y, width, height", "bbox", "\(found.bbox)") }
    guard found.score.isFinite else { throw error("not a score", "score", nil) }
    let probabilities = found.probabilities
    for value in [probabilities?.category, probabilities?.parent, probabilities?.attribute] {
      guard (0...1).contains(value ?? 0) else {
        throw error("not a probability", "probabilities", value.map { "\($0)" })
      }
    }
    for value in [found.cosine?.text, found.cosine?.image] {
      guard (-1...1).contains(value ?? 0) else {
        throw error("not a cosine", "cosine", value.map { "\($0)" })
      }
    }
    guard found.parent == names.parents[category],
      (found.parent == nil) == (probabilities?.parent == nil)
    else { throw error("not the parent of the header", "parent", found.parent) }
    let attribute: Attribute?
    if let name = found.attribute, let index = names.attributes[name],
      let probability = probabilities?.attribute, let own = probabilities?.category
    {
      attribute = Attribute(index: index, probability: probability, categoryProbability: own)
    } else if found.attribute == nil, names.attributes.isEmpty {
      attribute = nil
    } else {
      throw error("not an attribute of the header", "attribute", found.attribute)
    }
    let mask: Mask?
    do throws(InputError) {
      mask = try found.mask.map { text throws(InputError) in
        try Mask(width: size.width, height: size.height, compressed: text)
      }
    } catch let problem {
      throw error(problem.what, "mask", problem.got)
    }
    self.init(
      box: Box(x: found.bbox[0], y: found.bbox[1], width: found.bbox[2], height: found.bbox[3]),
      category: category, score: found.score, mask: mask, attribute: attribute,
      parentProbability: probabilities?.parent,
      cosine: Cosine(text: found.cosine?.text, image: found.cosine?.image))
  }
}
