public import Support

extension COCODataset {
  /// The images of a JSON file of annotations, in its order; nothing else of it is built or checked.
  ///
  /// - Throws: `InputError` that names the file, the path of the value and the value.
  public static func images(path: String) throws(InputError) -> [Image] {
    var cursor = JSONCursor(try DatasetText(path: path))
    guard try cursor.find("images") else {
      throw InputError(.badData, "the key 'images' is missing", at: path)
    }
    return try cursor.readArray { (cursor) throws(InputError) in try Image(from: &cursor) }
  }
}
