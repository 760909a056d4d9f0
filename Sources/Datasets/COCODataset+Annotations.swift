extension COCODataset {
  /// The objects of a data set, in the file's order. There are millions: they are kept by columns, fifty
  /// bytes each where a file is like COCO's or LVIS's and what an array has to spare, and each is made
  /// when it is asked for.
  public struct Annotations: RandomAccessCollection, Equatable, Sendable {
    private var ids = Column<Int>()
    private var imageIDs = Column<Int>()
    private var categoryIDs = Column<Int>()
    /// Four numbers each.
    private var boxes = Column<Double>()
    /// Boxes of another number of numbers, which are wrong, by the objects' places.
    private var oddBoxes: [Int: [Double]] = [:]
    private var areas = Column<Double>()
    private var flags: [Flags] = []
    private var visible = SparseColumn<Double>()
    /// Of outlines: where they begin in the file, and their bytes.
    private var outlines = (starts: SparseColumn<Int>(), lengths: SparseColumn<Int>())
    private var places = SparseColumn<Int>()

    private struct Flags: OptionSet {
      let rawValue: UInt8
      static let crowd = Flags(rawValue: 1)
      static let ignored = Flags(rawValue: 2)
    }

    init() {}

    init(_ annotations: [Annotation]) {
      for annotation in annotations { append(annotation) }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { flags.count }

    public subscript(index: Int) -> Annotation {
      var annotation = Annotation(
        id: ids[index], imageID: imageIDs[index], categoryID: categoryIDs[index],
        bbox: oddBoxes.isEmpty ? box(index) : oddBoxes[index] ?? box(index), area: areas[index],
        isCrowd: flags[index].contains(.crowd))
      annotation.isIgnored = flags[index].contains(.ignored)
      annotation.visible = visible[index]
      annotation.index = places[index]
      if let start = outlines.starts[index], let length = outlines.lengths[index] {
        annotation.segmentation = start..<start + length
      }
      return annotation
    }

    private func box(_ index: Int) -> [Double] { (4 * index..<4 * index + 4).map { boxes[$0] } }

    mutating func append(_ annotation: Annotation) {
      let bbox = annotation.bbox
      if bbox.count != 4 { oddBoxes[count] = bbox }
      for number in 0..<4 { boxes.append(bbox.count == 4 ? bbox[number] : 0) }
      ids.append(annotation.id)
      imageIDs.append(annotation.imageID)
      categoryIDs.append(annotation.categoryID)
      areas.append(annotation.area)
      visible.append(annotation.visible)
      outlines.starts.append(annotation.segmentation?.lowerBound)
      outlines.lengths.append(annotation.segmentation?.count)
      places.append(annotation.index)
      // Last: the number of flags is that of objects.
      flags.append(
        (annotation.isCrowd ? Flags.crowd : []).union(annotation.isIgnored ? .ignored : []))
    }

    // MARK: - Single columns

    func imageID(at index: Int) -> Int { imageIDs[index] }

    /// Of what there are objects.
    var usedCategories: Set<Int> {
      var used = Set<Int>()
      for index in indices { used.insert(categoryIDs[index]) }
      return used
    }

    /// Whether no id is given twice.
    var idsAreUnique: Bool {
      let sorted = indices.map { ids[$0] }.sorted()
      return zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// Those at the places that fulfil a condition.
    func keeping(_ isKept: (Int) -> Bool) -> Annotations {
      var kept = Annotations()
      for index in indices where isKept(index) { kept.append(self[index]) }
      return kept
    }

    public static func == (a: Annotations, b: Annotations) -> Bool { a.elementsEqual(b) }
  }

  /// Which objects each image has.
  struct ImageObjects: Sendable {
    /// Where each image's objects begin among `objects`, and where the last one's end.
    private var starts: [Int32]
    /// The objects' places, image by image, in the file's order.
    private var objects: [Int32]

    /// - Parameter images: the place of each image by its id, from 0 on without a gap.
    init(_ annotations: Annotations, of images: [Int: Int]) {
      starts = [Int32](repeating: 0, count: images.count + 1)
      for index in annotations.indices { starts[images[annotations.imageID(at: index)]! + 1] += 1 }
      for image in 0..<images.count { starts[image + 1] += starts[image] }
      objects = [Int32](repeating: 0, count: annotations.count)
      var next = starts
      for index in annotations.indices {
        let image = images[annotations.imageID(at: index)]!
        objects[Int(next[image])] = Int32(index)
        next[image] += 1
      }
    }

    /// The places of an image's objects, by the image's place.
    subscript(image: Int) -> [Int] {
      objects[Int(starts[image])..<Int(starts[image + 1])].map { Int($0) }
    }
  }
}
