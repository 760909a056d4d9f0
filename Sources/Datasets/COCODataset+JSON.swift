public import Support

extension COCODataset {
  /// Reads COCO's, LVIS's or Objects365's JSON, or the XML files of Pascal VOC (`PascalVOC`).
  /// Outlines stay in the file, which is kept open, until they are
  /// asked for.
  ///
  /// Complexity: O(bytes); about a megabyte of the file is in memory while it is read.
  /// - Parameter passedOver: is told of objects whose image or category the file has not, of unused
  ///   categories that another has the name of, and of keys that are not as COCO and LVIS have them.
  /// - Throws: `InputError` that names the file, the path of the value and the value.
  public init(path: String, passingOver passedOver: PassedOver = PassedOver()) throws(InputError) {
    if PascalVOC.isAnnotations(path) {
      try self.init(voc: path)
    } else {
      try self.init(text: DatasetText(path: path), passingOver: passedOver)
    }
  }

  /// Reads the bytes of such a file, a window of them at a time.
  package init(
    json: [UInt8], source: String, window: Int = 1 << 20,
    passingOver passedOver: PassedOver = PassedOver()
  ) throws(InputError) {
    try self.init(text: DatasetText(json, path: source), window: window, passingOver: passedOver)
  }

  private init(
    text: DatasetText, window: Int = 1 << 20, passingOver passedOver: PassedOver
  ) throws(InputError) {
    var cursor = JSONCursor(text, chunk: window, passingOver: passedOver)
    var images: [Image]?
    var annotations: Annotations?
    var categories: [Category]?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "images":
        images = try cursor.readArray { (cursor) throws(InputError) in try Image(from: &cursor) }
      case "annotations":
        var all = Annotations()
        try cursor.readArray { cursor, index throws(InputError) in
          all.append(try Annotation(from: &cursor, index: index))
        }
        annotations = all
      case "categories":
        categories = try cursor.readArray { (cursor) throws(InputError) in
          try Category(from: &cursor)
        }
      default: try cursor.skipValue()
      }
    }
    try cursor.expectEnd()
    try self.init(
      images: cursor.require(images, "images"),
      annotations: cursor.require(annotations, "annotations"),
      categories: cursor.require(categories, "categories"), source: text.path, text: text,
      passingOver: passedOver)
  }
}

extension JSONCursor {
  /// The value of a key that must be there.
  package func require<Value>(_ value: Value?, _ key: String) throws(InputError) -> Value {
    guard let value else { throw fault("the key '\(key)' is missing") }
    return value
  }
}

extension COCODataset.Image {
  init(from cursor: inout JSONCursor) throws(InputError) {
    var id, width, height: Int?
    var fileName, address: String?
    var negative, notExhaustive: [Int]?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "id": id = try cursor.readInt()
      case "width":
        width = try cursor.readUnlessNull { c throws(InputError) in try c.readInt() }
      case "height":
        height = try cursor.readUnlessNull { c throws(InputError) in try c.readInt() }
      case "file_name":
        fileName = try cursor.readUnlessNull { c throws(InputError) in try c.readString() }
      case "coco_url":
        address = try cursor.readIfFit { c throws(InputError) in try c.readString() }
      case "neg_category_ids":
        negative = try cursor.readIfFit { c throws(InputError) in try c.readIDs() }
      case "not_exhaustive_category_ids":
        notExhaustive = try cursor.readIfFit { c throws(InputError) in try c.readIDs() }
      default: try cursor.skipValue()
      }
    }
    // LVIS v1 names only the address; its last parts are COCO's folder and file name.
    let parts = (address ?? "").utf8.split(separator: UInt8(ascii: "/")).suffix(2).map {
      String(Substring($0))
    }
    let named = fileName ?? parts.last
    self.init(
      id: try cursor.require(id, "id"), fileName: try cursor.require(named, "file_name"),
      width: width ?? 0, height: height ?? 0)
    if self.fileName.isEmpty { throw cursor.fault("empty", member: ".file_name") }
    addressFolder = fileName == nil && parts.count == 2 ? parts[0] : nil
    negativeCategoryIDs = negative
    notExhaustiveCategoryIDs = notExhaustive
  }
}

extension COCODataset.Annotation {
  fileprivate init(from cursor: inout JSONCursor, index: Int) throws(InputError) {
    var id, imageID, categoryID: Int?
    var bbox: [Double]?
    var area, visible: Double?
    var isCrowd = false
    var isIgnored = false
    var segmentation: Range<Int>?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "id": id = try cursor.readInt()
      case "image_id": imageID = try cursor.readInt()
      case "category_id": categoryID = try cursor.readInt()
      case "bbox": bbox = try cursor.readBbox()
      case "area": area = try cursor.readDouble()
      case "visible":
        visible = try cursor.readIfFit { c throws(InputError) in try c.readShare() }
      case "iscrowd":
        isCrowd = try cursor.readUnlessNull { c throws(InputError) in try c.readFlag() } ?? false
      case "ignore":
        isIgnored = try cursor.readIfFit { c throws(InputError) in try c.readFlag() } ?? false
      case "segmentation": segmentation = try cursor.skipOutline()
      default: try cursor.skipValue()
      }
    }
    self.init(
      id: try cursor.require(id, "id"), imageID: try cursor.require(imageID, "image_id"),
      categoryID: try cursor.require(categoryID, "category_id"),
      bbox: try cursor.require(bbox, "bbox"), area: try cursor.require(area, "area"),
      isCrowd: isCrowd)
    self.index = index
    self.isIgnored = isIgnored
    self.segmentation = segmentation
    self.visible = visible
  }
}

extension JSONCursor {
  /// Passes over an outline; its bytes, or nil where it is null or an empty list.
  mutating func skipOutline() throws(InputError) -> Range<Int>? {
    let first = next
    let start = offset
    guard first == UInt8(ascii: "[") else {
      try skipValue()
      return first == UInt8(ascii: "n") ? nil : start..<offset
    }
    // Brackets alone are nothing.
    var depth = 0
    while let byte = next, byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]") {
      depth += byte == UInt8(ascii: "[") ? 1 : -1
      position += 1
      if depth == 0 { return nil }
    }
    try skipValue(from: depth)
    return start..<offset
  }

  fileprivate mutating func readShare() throws(InputError) -> Double {
    let share = try readDouble()
    guard 0...1 ~= share else { throw fault("not a share", expected: "0 to 1", got: "\(share)") }
    return share
  }
}

extension COCODataset.Category {
  fileprivate init(from cursor: inout JSONCursor) throws(InputError) {
    var id: Int?
    var name: String?
    var frequency: Frequency?
    var synonyms: [String] = []
    var definition: String?
    var imageCount, instanceCount: Int?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "id": id = try cursor.readInt()
      case "name": name = try cursor.readString()
      case "def":
        definition = try cursor.readIfFit { c throws(InputError) in try c.readString() }
      case "image_count":
        imageCount = try cursor.readIfFit { c throws(InputError) in try c.readInt() }
      case "instance_count":
        instanceCount = try cursor.readIfFit { c throws(InputError) in try c.readInt() }
      case "frequency":
        frequency = try cursor.readIfFit { c throws(InputError) in try c.readFrequency() }
      case "synonyms":
        synonyms =
          try cursor.readIfFit { c throws(InputError) in
            try c.readArray { (c) throws(InputError) in try c.readString() }
          } ?? []
      default: try cursor.skipValue()
      }
    }
    self.init(
      id: try cursor.require(id, "id"), name: try cursor.require(name, "name"),
      frequency: frequency, synonyms: synonyms)
    self.definition = definition
    self.imageCount = imageCount
    self.instanceCount = instanceCount
    if self.name.isEmpty { throw cursor.fault("empty", member: ".name") }
  }
}

extension JSONCursor {
  fileprivate mutating func readFrequency() throws(InputError) -> COCODataset.Category.Frequency {
    let letter = try readString()
    guard let frequency = COCODataset.Category.Frequency(rawValue: letter) else {
      throw fault("unknown frequency", expected: "r, c or f", got: "'\(letter)'")
    }
    return frequency
  }
}

extension COCODataset {
  /// The categories of an annotation file, sorted by id; nothing else of it is built or checked.
  ///
  /// - Parameter choice: of images; Pascal VOC's files alone say by their objects what there is.
  /// - Throws: `InputError` that names the file, the path of the value and the value.
  public static func categories(
    path: String, choosing choice: ImageChoice = .all
  ) throws(InputError) -> [Category] {
    if PascalVOC.isAnnotations(path) {
      return try COCODataset(path: path, choosing: choice).categories
    }
    var cursor = JSONCursor(try DatasetText(path: path))
    guard try cursor.find("categories") else {
      throw InputError(.badData, "the key 'categories' is missing", at: path)
    }
    let categories = try cursor.readArray { (cursor) throws(InputError) in
      try Category(from: &cursor)
    }
    // Which one of a name is used, the annotations say.
    if Set(categories.map(\.name)).count < categories.count {
      return try COCODataset(path: path).categories
    }
    return try COCODataset(
      images: [], annotations: [], categories: categories, source: path
    ).categories
  }
}
