import CacheExport
public import Support

extension CacheStage {
  /// Writes the one cache in another format and prints where it is.
  ///
  /// - Parameters:
  ///   - format: "npz", "safetensors", "webdataset" or "mds".
  ///   - images: a file with one image id a line; nil for all images.
  ///   - output: a new or empty folder, or one in which this export was broken off.
  ///   - fileBytes: how large a file may grow.
  /// - Throws: `InputError`, and `Stopped` between two files.
  public func export(
    as format: String, images: String?, to output: String, fileBytes: Int, compressed: Bool,
    report: Console
  ) throws {
    guard let format = ExportFormat(rawValue: format) else {
      throw InputError(.usage, "unknown format", got: format)
    }
    let cache = try only()
    let export = try CacheExporter(
      of: cache, imageIDs: try images.map(Self.ids(in:)), as: format, to: output,
      fileBytes: fileBytes,
      compressed: compressed)
    let progress = StageProgress(stage: "export", unit: "images", total: export.images, on: report)
    var files = [CacheExporter.File]()
    while let file = try export.writeNextFile() {
      files.append(file)
      progress.advance(by: file.images)
      try StopSignal.check()
    }
    progress.finish()
    let bytes = files.reduce(0) { $0 + $1.bytes }
    try StandardOutput.print(
      "\(output): \(export.images.counted("image")) in \(files.count.counted("file")) of \(format.rawValue), "
        + bytes.counted("byte"))
  }

  /// The ids in a file, one a line.
  private static func ids(in path: String) throws(InputError) -> [Int] {
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    var ids: [Int] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let id = Int(line) else {
        throw InputError(
          .badData, "not an image id", at: path, got: "'\(line)'")
      }
      ids.append(id)
    }
    return ids
  }
}
