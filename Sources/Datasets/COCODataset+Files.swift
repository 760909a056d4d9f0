public import Support

extension COCODataset {
  /// Checks that every image's file is in `imageFolder`.
  ///
  /// - Throws: `InputError` (`missingInput`) with the first few that are missing and their number.
  public func validateFiles(imageFolder: String) throws(InputError) {
    let missing = images.filter { !Files.exists(Self.path(of: $0, in: imageFolder)) }
      .map(\.fileName)
    guard let first = missing.first else { return }
    let shown = missing.prefix(3).joined(separator: ", ")
    throw InputError(
      .missingInput, "\(missing.count) of \(images.count) images are missing", at: imageFolder,
      expected: missing.count > 3 ? "\(shown), ..." : missing.count > 1 ? shown : first,
      hint: "give the folder that the annotations' file names start from")
  }

  /// The file of an image, in full.
  ///
  /// LVIS v1 gives addresses such as `.../train2017/000000391895.jpg`, and its validation images
  /// come from two folders of COCO: the file is looked for in `imageFolder` and then in the folder
  /// of that name inside it.
  public static func path(of image: Image, in imageFolder: String) -> String {
    let path = "\(imageFolder)/\(image.fileName)"
    guard let folder = image.addressFolder, !Files.exists(path) else { return path }
    let inside = "\(imageFolder)/\(folder)/\(image.fileName)"
    return Files.exists(inside) ? inside : path
  }
}
