public import Support

/// Under which licences the photographs of a data set are, and where they come from: COCO's
/// `licenses`, and each image's `license` and `flickr_url` (or `coco_url`).
///
/// Read apart from `COCODataset`, as nothing but a publication asks for them.
public struct PhotographCredits: Sendable {
  /// A licence of the data set's list.
  public struct Licence: Hashable, Sendable {
    /// "Attribution License".
    public var name: String
    /// Where it is written.
    public var address: String

    public init(name: String, address: String) { (self.name, self.address) = (name, address) }
  }

  /// What the data set says of one photograph.
  public struct Photograph: Hashable, Sendable {
    /// The data set's id of its licence; nil where it names none.
    public var licence: Int?
    /// Where the photograph comes from.
    public var address: String?

    public init(licence: Int?, address: String?) {
      (self.licence, self.address) = (licence, address)
    }

    /// The page that names the photographer, of a photograph of Flickr's; its files are called
    /// `<photograph>_<secret>.jpg`.
    public var page: String? {
      guard let address, address.contains("flickr.com/"),
        let id = PathText.name(of: address).split(separator: "_").first, !id.isEmpty,
        id.allSatisfy(\.isASCIIDigit)
      else { return nil }
      return "https://www.flickr.com/photo.gne?id=\(id)"
    }
  }

  /// By the data set's ids.
  public let licences: [Int: Licence]
  /// By the ids of the images.
  public let photographs: [Int: Photograph]

  /// - Parameter path: annotations in COCO's or LVIS's form.
  /// - Throws: `InputError` that names the place; also for annotations that list no licences.
  public init(path: String) throws(InputError) {
    func refusal(got: String) -> InputError {
      InputError(
        .badData, "the annotations do not say under which licence the photographs are", at: path,
        expected: "COCO's list 'licenses', and a 'license' in each image", got: got)
    }
    if PascalVOC.isAnnotations(path) { throw refusal(got: "Pascal VOC's form") }
    var cursor = JSONCursor(try DatasetText(path: path))
    var licences: [Int: Licence] = [:]
    var photographs: [Int: Photograph] = [:]
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "licenses":
        try cursor.readArray { cursor, _ throws(InputError) in
          let (id, licence) = try Self.licence(from: &cursor)
          licences[id] = licence
        }
      case "images":
        try cursor.readArray { cursor, _ throws(InputError) in
          let (id, photograph) = try Self.photograph(from: &cursor)
          photographs[id] = photograph
        }
      default: try cursor.skipValue()
      }
    }
    try cursor.expectEnd()
    guard !licences.isEmpty else { throw refusal(got: "no licence") }
    (self.licences, self.photographs) = (licences, photographs)
  }

  private static func licence(
    from cursor: inout JSONCursor
  ) throws(InputError) -> (Int, Licence) {
    var id: Int?
    var name, address: String?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "id": id = try cursor.readInt()
      case "name": name = try cursor.readString()
      case "url": address = try cursor.readString()
      default: try cursor.skipValue()
      }
    }
    return (
      try cursor.require(id, "id"),
      Licence(
        name: try cursor.require(name, "name"), address: try cursor.require(address, "url"))
    )
  }

  private static func photograph(
    from cursor: inout JSONCursor
  ) throws(InputError) -> (Int, Photograph) {
    var id, licence: Int?
    var flickr, coco: String?
    try cursor.readObject { cursor, key throws(InputError) in
      switch key {
      case "id": id = try cursor.readInt()
      case "license":
        licence = try cursor.readUnlessNull { c throws(InputError) in try c.readInt() }
      case "flickr_url":
        flickr = try cursor.readUnlessNull { c throws(InputError) in try c.readString() }
      case "coco_url": coco = try cursor.readIfFit { c throws(InputError) in try c.readString() }
      default: try cursor.skipValue()
      }
    }
    return (
      try cursor.require(id, "id"), Photograph(licence: licence, address: flickr ?? coco)
    )
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
