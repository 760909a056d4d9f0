public import Support

/// A graph with what says of which operators it is made, and where it comes from: an ONNX file.
public struct Model {
  /// The version of the operators' definitions.
  public static let operators = 17
  /// The version of the file's form; the first that has these operators.
  static let form = 8
  /// Bytes of one message of Protocol Buffers, at most.
  static let mostBytes = Int(Int32.max)

  private let graph: Graph
  private let producer: String
  /// Text by keys, which readers show and pass on.
  private let metadata: [(key: String, value: String)]

  /// - Parameters:
  ///   - producer: the program's name and version, with a space between.
  ///   - metadata: keys differ.
  public init(_ graph: Graph, producer: String, metadata: [(key: String, value: String)]) {
    (self.graph, self.producer, self.metadata) = (graph, producer, metadata)
  }

  /// A ModelProto.
  var message: Message {
    var model = Message()
    model.add(1, Self.form)
    let words = producer.split(separator: " ", maxSplits: 1)
    model.add(2, String(words[0]))
    if words.count > 1 { model.add(3, String(words[1])) }
    model.add(7, graph.message)
    var operators = Message()
    operators.add(1, "")
    operators.add(2, Self.operators)
    model.add(8, operators)
    for (key, value) in metadata {
      var entry = Message()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model
  }

  /// Bytes of the file.
  public var size: Int { message.count }

  /// Adds the file to `part`; memory holds one weight at a time.
  ///
  /// - Parameter path: of the file, for errors.
  /// - Throws: `InputError` (`cannotCreate`) for a file that is too large for readers, and as
  ///   `PartFile.write`.
  public func write(to part: PartFile, path: String) throws(InputError) {
    let message = message
    guard message.count <= Self.mostBytes else {
      throw InputError(
        .cannotCreate, "the graph is too large for an ONNX file", at: path,
        expected: "\(Self.mostBytes) bytes at most", got: "\(message.count)",
        hint: "weights in float16 take half as much")
    }
    try message.forEachPart { bytes throws(InputError) in try part.write(bytes) }
  }
}
