import Detection
import Regions
import Support

/// An image as it is exported.
struct ExportedImage: Sendable {
  let id: Int
  /// Below the corpus's folder, as `PathText` writes it.
  let name: String
  /// In pixels of the image turned as it was decoded.
  let width, height: Int
  /// Best first, each with an area inside the image.
  let detections: [Detection]

  /// - Parameter chosen: boxes may reach beyond the image, which no form allows; they are cut, and
  ///   those without an area inside are left out.
  init(id: Int, name: String, width: Int, height: Int, chosen: [Detection]) {
    (self.id, self.name, self.width, self.height) = (id, name, width, height)
    detections = chosen.compactMap { detection in
      var detection = detection
      detection.box = detection.box.clipped(toWidth: Float(width), height: Float(height))
      return detection.box.isEmpty ? nil : detection
    }
  }

  /// A file's path below a folder of such files that mirrors the images': "a/b.txt" for "a/b.jpg".
  ///
  /// - Throws: `InputError` for an image that is not below its folder.
  func mirrored(ending: String) throws(InputError) -> String {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.isEmpty || $0.elementsEqual("..".utf8) }) else {
      throw InputError(
        .badData, "an image outside the corpus's folder has no place in this format", at: name,
        hint: "export it as coco, csv or cvat, which have names only")
    }
    return "\(PathText.withoutEnding(name)).\(ending)"
  }
}

/// What an image becomes in a format: texts that only have to be put where they belong.
struct ExportPiece: Sendable {
  /// What the format says of the image itself.
  var image = ""
  /// Of each detection, in order.
  var objects: [String] = []
  /// Of each detection.
  var categories: [Int] = []
  /// Where the image has a file of its own, that file's path.
  var file = ""
}

/// Writes one format: images become pieces on any thread, and pieces are put in order on one.
protocol ExportWriter: AnyObject {
  /// - Throws: `InputError` for what the format has no form for.
  var render: @Sendable (ExportedImage) throws(InputError) -> ExportPiece { get }

  func append(_ piece: ExportPiece) throws(InputError)

  /// Puts the whole under its name.
  func publish() throws(InputError)
}
