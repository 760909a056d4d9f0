internal import Cache
internal import Support

/// `000000.npz`: a NumPy archive of columns, read with `numpy.load`.
struct NPZLayout: ExportLayout {
  let dimension: Int
  let recipeHash: String
  /// From how many bytes on zip64 is used.
  var large = 0xFFFF_FFFF

  func name(_ number: Int) -> String { "\(digits(number, 6)).npz" }

  func size(of row: ImageRow) -> Int {
    ExportColumn.size(regions: row.rows, dimension: dimension)
  }

  func write(
    _ images: [ImageLocation], to file: PartFile,
    read: (ImageLocation) throws(InputError) -> HalfRecord
  ) throws(InputError) {
    let regions = images.reduce(0) { $0 + $1.row.rows }
    var archive = ZipArchive(large: large)
    var headers: [[UInt8]] = []
    for column in ExportColumn.allCases {
      let shape = column.shape(images: images.count, regions: regions, dimension: dimension)
      let header = NumPyFile.header(type: column.type.numpy, shape: shape)
      archive.add(
        "\(column.rawValue).npy", size: header.count + shape.reduce(column.type.size, *))
      headers.append(header)
    }
    let starts = archive.members.map(\.start)
    for (header, start) in zip(headers, starts) { try file.write(header, at: start) }
    var columns = try ExportColumnWriter(
      file, starts: zip(starts, headers).map { $0 + $1.count },
      checksums: headers.map { CRC32.of($0) }, recipeHash: recipeHash)
    for image in images { try columns.append(try read(image)) }
    try columns.finish()
    for (member, checksum) in columns.checksums.enumerated() {
      archive.set(checksum: checksum, of: member)
      try file.write(archive.header(of: member), at: archive.members[member].offset)
    }
    try file.write(archive.directory, at: archive.end)
  }
}
