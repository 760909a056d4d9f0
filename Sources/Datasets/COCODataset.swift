public import Regions
public import Support

/// The images, objects and categories of a data set in COCO's or LVIS's JSON form.
///
/// Checked when made: ids are unique, every box is four finite numbers without a negative size.
public struct COCODataset: Sendable {
  /// An image of the data set.
  public struct Image: Hashable, Sendable {
    /// The data set's id.
    public var id: Int
    /// Relative to the folder of images.
    public var fileName: String
    /// In pixels, at most `farthest`; 0 where the data set does not say.
    public var width: Int
    /// In pixels, at most `farthest`; 0 where the data set does not say.
    public var height: Int
    /// LVIS only: the folder of COCO that the image is in, such as `train2017`, where the file gives
    /// an address and no name.
    public var addressFolder: String?
    /// LVIS only: categories known to be absent; nil where the file does not say.
    public var negativeCategoryIDs: [Int]?
    /// LVIS only: categories of which not every object is annotated; nil where the file does not say.
    public var notExhaustiveCategoryIDs: [Int]?

    /// Which of LVIS's keys it is without; nil where it has both.
    var missingSearchKey: String? {
      negativeCategoryIDs == nil
        ? "neg_category_ids"
        : notExhaustiveCategoryIDs == nil ? "not_exhaustive_category_ids" : nil
    }

    /// Whether the data set says how large it is: masks need to know, boxes do not.
    public var hasSize: Bool { width > 0 && height > 0 }

    /// The longest side, and how far from zero a box may lie: pixels that a `Box` tells apart are a
    /// hundred times fewer.
    static let farthest = 1_000_000_000

    /// - Parameters:
    ///   - fileName: relative to the folder of images.
    ///   - width: in pixels; 0, as `height`, where nobody knows.
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
    /// Which of the file's annotations it is, from 0; nil for one that came from no list.
    var index: Int?

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
  public private(set) var images: [Image]
  /// In the file's order.
  public let annotations: Annotations
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
  /// What was passed over while it was read, and while its masks are.
  public let passedOver: PassedOver
  private let imagePositions: [Int: Int]
  private let objects: ImageObjects

  /// A data set from its parts.
  ///
  /// - Parameter source: the file to name in errors.
  /// - Throws: `InputError` (`badData`) that names the entry and its value, also for an object whose
  ///   image or category is missing, and for two categories of one name.
  public init(
    images: [Image], annotations: [Annotation], categories: [Category], source: String
  ) throws(InputError) {
    try self.init(
      images: images, annotations: Annotations(annotations), categories: categories,
      source: source, text: nil, passingOver: PassedOver(isStrict: true))
  }

  init(
    images: [Image], annotations: Annotations, categories: [Category], source: String,
    text: DatasetText?, passingOver passedOver: PassedOver
  ) throws(InputError) {
    imagePositions = try Self.uniquePositions(images.map(\.id), of: "images", in: source)
    for (index, image) in images.enumerated() {
      if let problem = image.sizeProblem {
        throw InputError(
          .badData, "not the size of an image", at: "\(source): images[\(index)]",
          expected: "width and height in pixels", got: problem)
      }
    }
    self.annotations = try Self.found(
      annotations, images: imagePositions, categories: categories, in: source, passedOver)
    self.categories = try Self.named(
      categories, used: self.annotations.usedCategories, in: source, passedOver
    ).sorted { $0.id < $1.id }
    objects = ImageObjects(self.annotations, of: imagePositions)
    self.source = source
    self.text = text
    self.images = images
    self.passedOver = passedOver
  }

  /// Whether it says of every image which categories it was searched for, as LVIS does.
  public var isFederated: Bool {
    !images.isEmpty && images.allSatisfy { $0.missingSearchKey == nil }
  }

  /// Why LVIS's protocol does not fit, of a data set some of whose images say what they were searched
  /// for; nil where all do, or none.
  public var whyNotFederated: String? {
    let lacking = images.filter { $0.missingSearchKey != nil }
    guard let first = lacking.first, let key = first.missingSearchKey,
      images.contains(where: {
        $0.negativeCategoryIDs != nil || $0.notExhaustiveCategoryIDs != nil
      })
    else { return nil }
    return "\(lacking.count) of \(images.count.counted("image does", "images do")) not say what "
      + "they were searched for, the first of them image \(first.id), without \(key)"
  }

  /// Whether any of the annotations has an outline.
  public var hasMasks: Bool { annotations.contains { $0.segmentation != nil } }

  /// The image with `id`; nil when there is none.
  public func image(_ id: Int) -> Image? { imagePositions[id].map { images[$0] } }

  /// The objects of the image with id `imageID`, in the file's order.
  public func annotations(of imageID: Int) -> [Annotation] {
    imagePositions[imageID].map { image in objects[image].map { annotations[$0] } } ?? []
  }

  /// The same with the sizes that `size` knows, in pixels, of images whose size the file does not say.
  package func sized(_ size: (Image) -> (width: Int, height: Int)?) -> COCODataset {
    var dataset = self
    for index in images.indices where !images[index].hasSize {
      if let size = size(images[index]) {
        (dataset.images[index].width, dataset.images[index].height) = size
      }
    }
    return dataset
  }

  /// The images at `positions` with their objects, and all categories.
  package func keeping(_ positions: Set<Int>) throws(InputError) -> COCODataset {
    let kept = images.indices.filter(positions.contains)
    let ids = Set(kept.map { images[$0].id })
    var dataset = try COCODataset(
      images: kept.map { images[$0] },
      annotations: annotations.keeping { ids.contains(annotations.imageID(at: $0)) },
      categories: categories, source: source, text: text, passingOver: passedOver)
    if isVOC { dataset.annotationFiles = kept.map { annotationFiles[$0] } }
    dataset.omittedImageIDs = omittedImageIDs.union(images.map(\.id).filter { !ids.contains($0) })
    return dataset
  }
}
