import Support

/// What a data set is checked for when it is made.
extension COCODataset {
  /// The place of each id.
  ///
  /// - Throws: `InputError` for an id that is given twice.
  static func uniquePositions(
    _ ids: [Int], of list: String, in source: String
  ) throws(InputError) -> [Int: Int] {
    var positions = [Int: Int](minimumCapacity: ids.count)
    for (index, id) in ids.enumerated() {
      if let earlier = positions.updateValue(index, forKey: id) {
        throw InputError(
          .badData, "the id is also that of \(list)[\(earlier)]",
          at: "\(source): \(list)[\(index)].id", got: "\(id)")
      }
    }
    return positions
  }

  /// The objects whose image and category are there: others were cut out of a larger data set.
  ///
  /// - Throws: `InputError` for what is no box, no area, or has another's id.
  static func found(
    _ annotations: Annotations, images: [Int: Int], categories: [Category], in source: String,
    _ passedOver: PassedOver
  ) throws(InputError) -> Annotations {
    if !annotations.idsAreUnique {
      _ = try uniquePositions(annotations.map(\.id), of: "annotations", in: source)
    }
    let categoryIDs = Set(
      try uniquePositions(categories.map(\.id), of: "categories", in: source).keys)
    var lost = Set<Int>()
    for (index, annotation) in annotations.enumerated() {
      func fault(_ what: String, _ key: String, expected: String? = nil, got: String) -> InputError
      {
        InputError(
          .badData, what, at: "\(source): annotations[\(annotation.index ?? index)].\(key)",
          expected: expected, got: got)
      }
      if let problem = problem(ofBbox: annotation.bbox) {
        throw fault(
          problem, "bbox", expected: "x, y, width, height in pixels", got: "\(annotation.bbox)")
      }
      guard annotation.area.isFinite, annotation.area >= 0 else {
        throw fault("not an area", "area", got: "\(annotation.area)")
      }
      guard images[annotation.imageID] != nil else {
        try passedOver.add(
          fault("no image has this id", "image_id", got: "\(annotation.imageID)"),
          as: "annotations.image_id")
        lost.insert(index)
        continue
      }
      guard categoryIDs.contains(annotation.categoryID) else {
        try passedOver.add(
          fault("no category has this id", "category_id", got: "\(annotation.categoryID)"),
          as: "annotations.category_id")
        lost.insert(index)
        continue
      }
    }
    // Not copied where all are right: there are millions.
    if lost.isEmpty { return annotations }
    return annotations.keeping { !lost.contains($0) }
  }

  /// The categories, one of each name: some programs write a root category, which nothing is of, with
  /// the name of another. Where nothing is of any, the last stays, as a root comes first.
  ///
  /// - Parameter used: ids of categories that there are objects of.
  /// - Throws: `InputError` for two of one name that both have objects.
  static func named(
    _ categories: [Category], used: Set<Int>, in source: String, _ passedOver: PassedOver
  ) throws(InputError) -> [Category] {
    var places: [String: Int] = [:]
    var dropped = Set<Int>()
    for (index, category) in categories.enumerated() {
      guard let earlier = places.updateValue(index, forKey: category.name) else { continue }
      let isUsed = (used.contains(categories[earlier].id), used.contains(category.id))
      let place = isUsed.0 ? index : earlier
      let fault = InputError(
        .badData, "two categories have one name", at: "\(source): categories[\(place)].name",
        expected: isUsed == (true, true) ? nil : "a name of its own, as no object is of this one",
        got: "'\(category.name)'")
      if isUsed == (true, true) { throw fault }
      try passedOver.add(fault, as: "categories.name")
      dropped.insert(place)
      if place == index { places[category.name] = earlier }
    }
    return categories.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
  }
}

extension COCODataset.Image {
  /// What is no size; nil where it is one, or nobody says.
  var sizeProblem: String? {
    let range = 0...Self.farthest
    return range.contains(width) && range.contains(height) ? nil : "\(width) x \(height)"
  }
}

/// What is wrong with a box in COCO's form; nil when it is four finite numbers, sizes not negative.
func problem(ofBbox bbox: [Double]) -> String? {
  if bbox.count != 4 { return "a box of \(bbox.count.counted("number"))" }
  // Box is float32: a coordinate beyond its range is as useless as one that is not a number.
  guard bbox.allSatisfy({ abs($0) < Double(COCODataset.Image.farthest) }) else {
    return "a box without a place"
  }
  return bbox[2] < 0 || bbox[3] < 0 ? "a box of negative size" : nil
}
