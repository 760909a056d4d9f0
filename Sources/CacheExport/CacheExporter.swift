public import Cache
internal import Foundation
internal import Glibc
public import Support

/// A cache, or some images of it, written in another format: files of bounded size in one folder,
/// and last of all `export.json`, which says what they are.
///
/// ```swift
/// let exporter = try CacheExporter(of: folder, as: .npz, to: "exported")
/// while let file = try exporter.writeNextFile() { print(file.name) }
/// ```
///
/// Each file appears whole or not at all. Stopped or killed, the same export continues with the
/// first file that is missing. Memory does not grow with the cache.
public final class CacheExporter {
  /// One of the files.
  public struct File: Equatable, Sendable {
    /// Its name in the folder.
    public var name: String
    /// Its size.
    public var bytes: Int
    /// SHA-256 in hex.
    public var sha256: String
    /// Images in it.
    public var images: Int
    /// Regions in it.
    public var regions: Int
    /// Whether an earlier run wrote it.
    public var wasThere: Bool
    /// Bytes of its images before compression.
    var content: Int
  }

  /// Images of the whole export.
  public let images: Int
  private let reader: CacheReader
  private let format: ExportFormat
  private let folder: String
  private let layout: any ExportLayout
  private let fileBytes: Int
  private let ids: [Int]
  private let plan: String
  private var next = 0
  private var files: [File] = []

  private static let manifest = "export.json"
  private static let marker = "unfinished.json"

  /// Begins an export, or continues one that was broken off.
  ///
  /// - Parameters:
  ///   - imageIDs: which images, in the order wanted, all different; nil for all that have a row,
  ///     ascending.
  ///   - folder: created where it is not there; otherwise empty, or with the same export.
  ///   - fileBytes: a file is closed before its images would outgrow this, at least 1.
  ///   - compressed: whether to compress the files; `mds` only.
  /// - Throws: `InputError`: no such cache or image (`missingInput`), a folder with something else
  ///   in it (`cannotCreate`).
  public convenience init(
    of cache: CacheFolder, imageIDs: [Int]? = nil, as format: ExportFormat, to folder: String,
    fileBytes: Int = 1 << 28, compressed: Bool = false
  ) throws(InputError) {
    try self.init(
      of: cache, imageIDs: imageIDs, as: format, to: folder, fileBytes: fileBytes,
      compressed: compressed, zip64From: 0xFFFF_FFFF)
  }

  /// - Parameter zip64From: below 2^32 - 1 only to try zip64 on small archives.
  package init(
    of cache: CacheFolder, imageIDs: [Int]?, as format: ExportFormat, to folder: String,
    fileBytes: Int, compressed: Bool, zip64From: Int
  ) throws(InputError) {
    precondition(fileBytes > 0)
    guard !compressed || format == .mds else {
      throw InputError(.usage, "\(format.rawValue) files are not compressed", hint: "only mds is")
    }
    // Images come nearly always in the order in which they are stored: one block at a time is enough.
    reader = try CacheReader(cache, blockBytes: 1)
    self.format = format
    self.folder = folder
    self.fileBytes = fileBytes
    let dimension = cache.recipe.columns.dimension
    guard cache.recipe.columns == CacheColumns(dimension: dimension) else {
      throw InputError(
        .usage, "a region store has no export", at: cache.path, expected: "a teacher cache",
        hint: "'vild export detections' writes what was found in its images")
    }
    layout =
      switch format {
      case .npz:
        NPZLayout(dimension: dimension, recipeHash: cache.recipeHash, large: zip64From)
      case .safetensors: SafeTensorsLayout(dimension: dimension, recipeHash: cache.recipeHash)
      case .webdataset: WebDatasetLayout(dimension: dimension)
      case .mds: MDSLayout(dimension: dimension, compressed: compressed)
      }
    if let imageIDs { ids = imageIDs } else { ids = try reader.imageIDs() }
    images = ids.count
    plan =
      JSONValue.object([
        "recipeHash": .string(cache.recipeHash), "format": .string(format.rawValue),
        "columns": .integer(2), "compressed": .bool(compressed),
        "fileBytes": .integer(Int64(fileBytes)),
        "shards": .string(try reader.shardsHash()),
        "imageIDs": .string(Fingerprint.data(Bytes.of(ids.map { Int64($0).littleEndian }))),
      ]).canonical
    var seen = Set<Int>()
    if let double = ids.first(where: { !seen.insert($0).inserted }) {
      throw InputError(.badData, "image id \(double) occurs twice")
    }
    try prepareFolder()
  }

  /// Writes the next file, or finds it written; nil when all are there, the manifest too.
  ///
  /// - Throws: `InputError`: a damaged shard (`badData`, naming shard, block and image), a full
  ///   disk (`tryAgain`).
  public func writeNextFile() throws(InputError) -> File? {
    guard next < ids.count else {
      try finish()
      return nil
    }
    let images = try nextImages()
    let name = layout.name(files.count)
    let path = "\(folder)/\(name)"
    let wasThere = Files.exists(path)
    if !wasThere {
      let file = try PartFile(path: path)
      try layout.write(images, to: file, read: reader.halfRecord)
      try file.publish()
    }
    next += images.count
    files.append(
      File(
        name: name, bytes: try Self.size(of: path), sha256: try Fingerprint.file(path),
        images: images.count, regions: images.reduce(0) { $0 + $1.row.rows }, wasThere: wasThere,
        content: images.reduce(0) { $0 + layout.size(of: $1.row) }))
    return files.last
  }

  /// The images of the next file: at least one, and no more than the file may hold.
  private func nextImages() throws(InputError) -> [ImageLocation] {
    let most = min(fileBytes, layout.limit ?? fileBytes)
    var images: [ImageLocation] = []
    var bytes = 0
    for id in ids[next...] {
      guard let location = try reader.location(of: id) else {
        throw InputError(
          .missingInput, "the teacher cache does not hold image \(id)", at: reader.folder.path)
      }
      bytes += layout.size(of: location.row)
      if bytes > most && !images.isEmpty { break }
      images.append(location)
    }
    return images
  }

  private func finish() throws(InputError) {
    if let index = layout.index(of: files) {
      try Files.write(Data(index.content.utf8), to: "\(folder)/\(index.name)")
    }
    let manifest = JSONValue.object([
      "version": .integer(1), "plan": JSONValue(encoding: try Self.parsed(plan)),
      "recipe": JSONValue(encoding: reader.folder.recipe), "images": .integer(Int64(images)),
      "regions": .integer(Int64(files.reduce(0) { $0 + $1.regions })),
      "files": .array(
        files.map {
          .object([
            "name": .string($0.name), "bytes": .integer(Int64($0.bytes)),
            "sha256": .string($0.sha256), "images": .integer(Int64($0.images)),
            "regions": .integer(Int64($0.regions)),
          ])
        }),
    ])
    try Files.write(Data(manifest.canonical.utf8), to: "\(folder)/\(Self.manifest)")
    unlink("\(folder)/\(Self.marker)")
  }

  /// Makes the folder and marks it as being filled, unless it holds this very export already.
  private func prepareFolder() throws(InputError) {
    try Files.createFolder(folder)
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw InputError(.cannotCreate, "cannot list the folder", at: folder)
    }
    // A kill may have left a piece of the marker itself.
    if names.allSatisfy({ $0.hasPrefix(Self.marker) && $0.hasSuffix(".part") }) {
      return try Files.write(Data(plan.utf8), to: "\(folder)/\(Self.marker)")
    }
    for name in [Self.marker, Self.manifest] where names.contains(name) {
      if try planIn("\(folder)/\(name)") == plan {
        Part.removeAbandoned(in: folder)
        return
      }
      throw InputError(
        .cannotCreate, "the folder holds another export", at: folder,
        hint: "name an empty folder, or one that is not there")
    }
    throw InputError(
      .cannotCreate, "the folder is not empty", at: folder,
      hint: "name an empty folder, or one that is not there")
  }

  private func planIn(_ path: String) throws(InputError) -> String? {
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    guard case .object(let fields) = try Self.parsed(text) else { return nil }
    return (fields["plan"] ?? .object(fields)).canonical
  }

  private static func parsed(_ text: String) throws(InputError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    } catch {
      throw InputError(.badData, "not JSON", got: String(text.prefix(40)))
    }
  }

  private static func size(of path: String) throws(InputError) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .system("cannot read", at: path) }
    return Int(status.st_size)
  }
}
