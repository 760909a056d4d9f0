/// A column of a block: so many bytes of each row, or bytes that vary, as those of a table with texts.
package struct ShardColumn: Equatable, Sendable {
  /// As errors call it, as in "the boxes of block 3 have changed".
  package let name: String
  /// Bytes of a row; nil where they vary.
  package let rowBytes: Int?
  /// How many frames it has: 1, or as many as an element has bytes, where each byte's plane stands apart,
  /// the high bytes first. Planes of floating-point numbers compress better.
  let planes: Int

  /// - Parameters:
  ///   - rowBytes: at least 1.
  ///   - planes: bytes of an element, where their planes are to stand apart; divides `rowBytes`.
  package init(_ name: String, rowBytes: Int, planes: Int = 1) {
    precondition(rowBytes > 0 && planes > 0 && rowBytes % planes == 0)
    (self.name, self.rowBytes, self.planes) = (name, rowBytes, planes)
  }

  /// A column whose bytes do not follow from the number of rows.
  package init(varying name: String) {
    (self.name, rowBytes, planes) = (name, nil, 1)
  }

  /// What the frame of a plane holds, as errors call it.
  func frameName(_ plane: Int) -> String {
    switch planes {
    case 1: name
    case 2: "\(plane == 0 ? "high" : "low") bytes of the \(name)"
    default: "bytes \(plane + 1) of \(planes) of the \(name)"
    }
  }

  /// Bytes that a row adds to each of its frames; nil where they vary.
  var frameBytes: Int? { rowBytes.map { $0 / planes } }
}

extension [ShardColumn] {
  /// How many frames a block of these columns has.
  var frames: Int { reduce(0) { $0 + $1.planes } }

  /// The first frame of a column among those of a block.
  func firstFrame(of column: Int) -> Int { self[..<column].reduce(0) { $0 + $1.planes } }
}
