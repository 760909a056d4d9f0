internal import Cache
internal import Support

/// What a cache can be handed on as.
public enum ExportFormat: String, CaseIterable, Sendable {
  /// NumPy archives: columns of many images, uncompressed.
  case npz
  /// The same columns as safetensors files.
  case safetensors
  /// Tar archives of WebDataset: a JSON and three NumPy files an image.
  case webdataset
  /// MosaicML Streaming: `index.json` and shards of samples.
  case mds
}

/// How one file of a format is made of the records of some images.
protocol ExportLayout {
  /// The name of file `number`.
  func name(_ number: Int) -> String

  /// How many bytes an image takes in a file, before compression.
  func size(of row: ImageRow) -> Int

  /// The most bytes a file may have before compression; nil for any number.
  var limit: Int? { get }

  /// Writes the file of `images`, of which `read` gives the records.
  func write(
    _ images: [ImageLocation], to file: PartFile,
    read: (ImageLocation) throws(InputError) -> HalfRecord
  ) throws(InputError)

  /// What makes the files one data set: a further file, written last; nil where there is none.
  func index(of files: [CacheExporter.File]) -> (name: String, content: String)?
}

extension ExportLayout {
  var limit: Int? { nil }

  func index(of files: [CacheExporter.File]) -> (name: String, content: String)? { nil }

  /// "000012" for 12.
  func digits(_ number: Int, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.count)) + digits
  }
}
