/// Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
extension Graph {
  /// A GraphProto.
  var message: Message {
    var graph = Message()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for constant in constants { graph.add(5, constant.message) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    return graph
  }
}

extension Graph.Node {
  /// A NodeProto.
  fileprivate var message: Message {
    var node = Message()
    for input in inputs { node.add(1, input) }
    for output in outputs { node.add(2, output) }
    node.add(3, name)
    node.add(4, operation)
    for (name, value) in attributes { node.add(5, value.message(named: name)) }
    return node
  }
}

extension Attribute {
  /// An AttributeProto.
  fileprivate func message(named name: String) -> Message {
    var attribute = Message()
    attribute.add(1, name)
    let kind: Int
    switch self {
    case .float(let value):
      attribute.add(2, value)
      kind = 1
    case .int(let value):
      attribute.add(3, value)
      kind = 2
    case .string(let text):
      attribute.add(4, text)
      kind = 3
    case .graph(let graph):
      attribute.add(6, graph.message)
      kind = 5
    case .ints(let values):
      for value in values { attribute.add(8, value) }
      kind = 7
    }
    attribute.add(20, kind)
    return attribute
  }
}

extension Graph.Constant {
  /// A TensorProto with raw data.
  fileprivate var message: Message {
    var tensor = Message()
    for size in shape { tensor.add(1, size) }
    tensor.add(2, type.rawValue)
    tensor.add(8, name)
    tensor.add(9, count: count, bytes: bytes)
    return tensor
  }
}

extension Graph.Port {
  /// A ValueInfoProto, in it a TypeProto, in it a TensorTypeProto.
  fileprivate var message: Message {
    var tensor = Message()
    tensor.add(1, type.rawValue)
    if let shape {
      var sizes = Message()
      for size in shape { sizes.add(1, size.message) }
      tensor.add(2, sizes)
    }
    var kind = Message()
    kind.add(1, tensor)
    var port = Message()
    port.add(1, name)
    port.add(2, kind)
    return port
  }
}

extension Dimension {
  fileprivate var message: Message {
    var dimension = Message()
    switch self {
    case .fixed(let size): dimension.add(1, size)
    case .named(let name): dimension.add(2, name)
    }
    return dimension
  }
}
