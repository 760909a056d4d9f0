internal import Cache
internal import Support

/// `000000.safetensors`: columns, read with `safetensors.numpy.load_file`.
struct SafeTensorsLayout: ExportLayout {
  let dimension: Int
  let recipeHash: String

  func name(_ number: Int) -> String { "\(digits(number, 6)).safetensors" }

  func size(of row: ImageRow) -> Int {
    ExportColumn.size(regions: row.rows, dimension: dimension)
  }

  func write(
    _ images: [ImageLocation], to file: PartFile,
    read: (ImageLocation) throws(InputError) -> HalfRecord
  ) throws(InputError) {
    let regions = images.reduce(0) { $0 + $1.row.rows }
    var tensors: [String: JSONValue] = [
      "__metadata__": .object(["recipeHash": .string(recipeHash)])
    ]
    var offsets: [ExportColumn: Int] = [:]
    var end = 0
    // Wide elements first, so that every column is aligned.
    for column in ExportColumn.allCases.sorted(by: { $0.type.size > $1.type.size }) {
      let shape = column.shape(images: images.count, regions: regions, dimension: dimension)
      offsets[column] = end
      let next = end + shape.reduce(column.type.size, *)
      tensors[column.rawValue] = .object([
        "dtype": .string(column.type.safetensors),
        "shape": .array(shape.map { .integer(Int64($0)) }),
        "data_offsets": .array([.integer(Int64(end)), .integer(Int64(next))]),
      ])
      end = next
    }
    var header = Array(JSONValue.object(tensors).canonical.utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    header = Bytes.of([UInt64(header.count)]) + header
    try file.write(header, at: 0)
    var columns = try ExportColumnWriter(
      file, starts: ExportColumn.allCases.map { header.count + offsets[$0]! },
      checksums: ExportColumn.allCases.map { _ in 0 }, recipeHash: recipeHash)
    for image in images { try columns.append(try read(image)) }
    try columns.finish()
  }
}
