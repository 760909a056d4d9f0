import ArgumentParser
import Stages
import Support

extension CacheCommand {
  struct Export: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Write a cache in the format of another library.",
      discussion: """
        The formats:

          npz          NumPy archives, an array a column
          safetensors  the same columns
          webdataset   tar archives: a JSON and three NumPy arrays an image
          mds          MosaicML Streaming

        Files appear whole, one after the other, and export.json last. The same command continues \
        an export that was broken off.
        """)
    @OptionGroup var cache: Folder
    @Option(help: ArgumentHelp("What to write.", valueName: "format"))
    var format: Format
    @Option(
      help: ArgumentHelp("Where to: a new folder or an empty one.", valueName: "folder"))
    var output: String
    @Option(
      help: ArgumentHelp(
        "A file with the ids of the images wanted, one a line; all where it is missing.",
        valueName: "file"))
    var images: String?
    @Option(help: ArgumentHelp("How large a file may grow, in MiB.", valueName: "number"))
    var fileSize = 256
    @Flag(help: "Compress the files with zstd; mds only.")
    var zstd = false

    enum Format: String, CaseIterable, ExpressibleByArgument {
      case npz, safetensors, webdataset, mds
    }

    func validate() throws {
      guard (1...1 << 20) ~= fileSize else {
        throw ValidationError("a file size of 1 MiB to 1 TiB")
      }
      if zstd && format != .mds { throw ValidationError("--zstd goes with --format mds only") }
    }

    func run(on console: Console) throws {
      try cache.stage().export(
        as: format.rawValue, images: images, to: output, fileBytes: fileSize << 20,
        compressed: zstd, report: console)
    }
  }
}
