public import Regions
public import Support

/// The images, objects and categories of a data set in COCO's or LVIS's JSON form.
///
/// Checked when made: ids are unique, every annotation names a known image and category, every box
/// is four finite numbers without a negative size.
public struct COCODataset: Sendable {
  /// An image of the data set.
  public struct Image: Hashable, Sendable {
    /// The data set's id.
    public var id: Int
    /// Relative to the folder of images.
    public var fileName: String
    /// In pixels, above zero.
    public var width: Int
    /// In pixels, above zero.
    public var height: Int
    /// LVIS only: the folder of COCO that the image is in, such as `train2017`, where the file gives
    /// an address and no name.
    public var addressFolder: String?
    /// LVIS only: categories known to be absent; nil where the file does not say.
    public var negativeCategoryIDs: [Int]?
    /// LVIS only: categories of which not every object is annotated; nil where the file does not say.
    public var notExhaustiveCategoryIDs: [Int]?

    /// - Parameter fileName: relative to the folder of images.
    public init(id: Int, fileName: String, width: Int, height: Int) {
      self.id = id
      self.fileName = fileName
      self.width = width
      self.height = height
    }
  }

  /// An object in an image.
  public struct Annotation: Hashable, Sendable {
    /// The annotation's own id.
    public var id: Int
    /// The image it is in.
    public var imageID: Int
    /// What it is.
    public var categoryID: Int
    /// Left, top, width, height in pixels, exactly as in the file.
    public var bbox: [Double]
    /// In square pixels; of the object's mask where the data set has masks.
    public var area: Double
    /// Whether the box is drawn around many objects of the category.
    public var isCrowd: Bool
    /// The share of the object that nothing hides, 0...1; nil where the data set does not say.
    public internal(set) var visible: Double?
    /// Whether a detection of it counts neither as right nor as wrong by the protocols of Pascal VOC,
    /// whose word is "difficult", and of LVIS; COCO's knows crowds only.
    public var isIgnored = false
    /// Which bytes of the file are its outline; nil without one. `COCODataset.mask(of:)` reads them.
    public internal(set) var segmentation: Range<Int>?

    /// - Parameter bbox: left, top, width, height in pixels.
    public init(
      id: Int, imageID: Int, categoryID: Int, bbox: [Double], area: Double, isCrowd: Bool = false
    ) {
      self.id = id
      self.imageID = imageID
      self.categoryID = categoryID
      self.bbox = bbox
      self.area = area
      self.isCrowd = isCrowd
    }

    /// The box as edges in float32 pixels.
    public var box: Box { Box(x: bbox[0], y: bbox[1], width: bbox[2], height: bbox[3]) }
  }

  /// A kind of object.
  public struct Category: Hashable, Sendable {
    /// How often LVIS's training images have it.
    public enum Frequency: String, Codable, Sendable, CaseIterable {
      /// In at most 10 images: the novel categories of the paper.
      case rare = "r"
      /// In 11 to 100 images.
      case common = "c"
      /// In more than 100 images.
      case frequent = "f"
    }

    /// The data set's id; ids may have gaps.
    public var id: Int
    /// The name as the data set spells it.
    public var name: String
    /// LVIS only.
    public var frequency: Frequency?
    /// LVIS only; otherwise empty.
    public var synonyms: [String]
    /// LVIS only: what the category is, in a few words.
    public var definition: String?
    /// LVIS only: how many images of the data set have it.
    public var imageCount: Int?
    /// LVIS only: how many objects of it the data set has.
    public var instanceCount: Int?

    /// A category; COCO has neither frequency nor synonyms.
    public init(id: Int, name: String, frequency: Frequency? = nil, synonyms: [String] = []) {
      self.id = id
      self.name = name
      self.frequency = frequency
      self.synonyms = synonyms
    }
  }

  /// In the file's order.
  public let images: [Image]
  /// In the file's order.
  public let annotations: [Annotation]
  /// Sorted by id.
  public let categories: [Category]
  /// The file it was read from.
  package let source: String
  /// Whether it came from Pascal VOC's XML files.
  public var isVOC: Bool { !annotationFiles.isEmpty }
  /// Pascal VOC only: the XML file of each image, in the order of `images`; otherwise empty.
  public internal(set) var annotationFiles: [String] = []
  /// The ids of images that the annotations have and an `ImageChoice` left out.
  public internal(set) var omittedImageIDs: Set<Int> = []
  /// Where the annotations' outlines are read from; nil for a data set that came from no file.
  let text: DatasetText?
  private let imagePositions: [Int: Int]
  private let annotationPositions: [Int: [Int]]

  /// A data set from its parts.
  ///
  /// - Parameter source: the file to name in errors.
  /// - Throws: `InputError` (`badData`) that names the entry and its value.
  public init(
    images: [Image], annotations: [Annotation], categories: [Category], source: String
  ) throws(InputError) {
    try self.init(
      images: images, annotations: annotations, categories: categories, source: source, text: nil)
  }

  init(
    images: [Image], annotations: [Annotation], categories: [Category], source: String,
    text: DatasetText?
  ) throws(InputError) {
    imagePositions = try Self.uniquePositions(images.map(\.id), of: "images", in: source)
    let categoryIDs = try Self.uniquePositions(categories.map(\.id), of: "categories", in: source)
    _ = try Self.uniquePositions(annotations.map(\.id), of: "annotations", in: source)
    var names = Set<String>()
    for (index, category) in categories.enumerated() where !names.insert(category.name).inserted {
      throw InputError(
        .badData, "two categories have one name", at: "\(source): categories[\(index)].name",
        got: "'\(category.name)'")
    }
    for (index, image) in images.enumerated() where image.width < 1 || image.height < 1 {
      throw InputError(
        .badData, "an image without pixels", at: "\(source): images[\(index)]",
        expected: "width and height above 0", got: "\(image.width) x \(image.height)")
    }
    var positions: [Int: [Int]] = [:]
    for (index, annotation) in annotations.enumerated() {
      let place = "\(source): annotations[\(index)]"
      guard imagePositions[annotation.imageID] != nil else {
        throw InputError(
          .badData, "no image has this id", at: "\(place).image_id", got: "\(annotation.imageID)")
      }
      guard categoryIDs[annotation.categoryID] != nil else {
        throw InputError(
          .badData, "no category has this id", at: "\(place).category_id",
          got: "\(annotation.categoryID)")
      }
      if let problem = problem(ofBbox: annotation.bbox) {
        throw InputError(
          .badData, problem, at: "\(place).bbox", expected: "x, y, width, height in pixels",
          got: "\(annotation.bbox)")
      }
      guard annotation.area.isFinite, annotation.area >= 0 else {
        throw InputError(
          .badData, "not an area", at: "\(place).area", got: "\(annotation.area)")
      }
      positions[annotation.imageID, default: []].append(index)
    }
    self.source = source
    self.text = text
    self.images = images
    self.annotations = annotations
    self.categories = categories.sorted { $0.id < $1.id }
    annotationPositions = positions
  }

  /// Whether it says of every image which categories it was searched for, as LVIS does.
  public var isFederated: Bool {
    !images.isEmpty
      && images.allSatisfy { $0.negativeCategoryIDs != nil && $0.notExhaustiveCategoryIDs != nil }
  }

  /// Whether any of the annotations has an outline.
  public var hasMasks: Bool { annotations.contains { $0.segmentation != nil } }

  /// The image with `id`; nil when there is none.
  public func image(_ id: Int) -> Image? { imagePositions[id].map { images[$0] } }

  /// The objects of the image with id `imageID`, in the file's order.
  public func annotations(of imageID: Int) -> [Annotation] {
    annotationPositions[imageID, default: []].map { annotations[$0] }
  }

  /// The images at `positions` with their objects, and all categories.
  package func keeping(_ positions: Set<Int>) throws(InputError) -> COCODataset {
    let kept = images.indices.filter(positions.contains)
    let ids = Set(kept.map { images[$0].id })
    var dataset = try COCODataset(
      images: kept.map { images[$0] }, annotations: annotations.filter { ids.contains($0.imageID) },
      categories: categories, source: source, text: text)
    if isVOC { dataset.annotationFiles = kept.map { annotationFiles[$0] } }
    dataset.omittedImageIDs = omittedImageIDs.union(images.map(\.id).filter { !ids.contains($0) })
    return dataset
  }

  private static func uniquePositions(
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
}

/// What is wrong with a box in COCO's form; nil when it is four finite numbers, sizes not negative.
func problem(ofBbox bbox: [Double]) -> String? {
  if bbox.count != 4 { return "a box of \(bbox.count) numbers" }
  // Box is float32: a coordinate beyond its range is as useless as one that is not a number.
  guard bbox.allSatisfy({ abs($0) < 1e9 }) else { return "a box without a place" }
  return bbox[2] < 0 || bbox[3] < 0 ? "a box of negative size" : nil
}
