import Foundation
public import Tensors

/// Puts a graph together, node by node, each output an input of those that follow.
///
/// What differs between runtimes stays out: standard operators alone, constants with a name.
public final class GraphBuilder {
  /// The graph so far.
  public private(set) var graph: Graph
  /// Of weights, and of what is computed by them: `float32` or `float16`.
  public let weightType: ElementType
  /// Stands before the names of nodes, such as "backbone/".
  private var scope = ""
  private var counts: [String: Int] = [:]
  /// Of each weight by its name, as it came.
  private var weights: [String: Tensor] = [:]
  /// The names of constants.
  private var constants: [SmallConstant: String] = [:]

  /// - Parameter name: of the graph.
  public init(_ name: String, weightType: ElementType = .float32) {
    precondition(weightType.stored != nil, "weights are floats")
    graph = Graph(name: name)
    self.weightType = weightType
  }

  // MARK: - What comes in and goes out

  /// What the user gives.
  public func input(_ name: String, _ type: ElementType, _ shape: [Dimension]) -> GraphValue {
    graph.inputs.append(.init(name: name, type: type, shape: shape))
    return GraphValue(name, in: self)
  }

  /// What the user gets.
  public func output(
    _ value: GraphValue, as name: String, _ type: ElementType, _ shape: [Dimension]
  ) {
    graph.nodes.append(
      .init(
        name: newName("output"), operation: "Identity", inputs: [value.name], outputs: [name],
        attributes: []))
    graph.outputs.append(.init(name: name, type: type, shape: shape))
  }

  // MARK: - Nodes

  /// Nodes that `body` makes are called by `name` before their own names.
  public func within<Result>(_ name: String, _ body: () -> Result) -> Result {
    let outer = scope
    scope += "\(name)/"
    defer { scope = outer }
    return body()
  }

  /// The one output of a new node.
  public func callAsFunction(
    _ operation: String, _ inputs: GraphValue?...,
    with attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> GraphValue {
    node(operation, inputs, attributes, outputs: 1)[0]
  }

  /// The outputs of a new node.
  ///
  /// - Parameter inputs: nil for an optional one that is not given.
  public func node(
    _ operation: String, _ inputs: [GraphValue?],
    _ attributes: KeyValuePairs<String, Attribute> = [:], outputs: Int
  ) -> [GraphValue] {
    let name = newName(operation)
    let results = (0..<outputs).map { outputs == 1 ? name : "\(name):\($0)" }
    // Some readers know the empty name only before others.
    let given = inputs.lastIndex { $0 != nil }.map { inputs[...$0] } ?? []
    graph.nodes.append(
      .init(
        name: name, operation: operation, inputs: given.map { $0?.name ?? "" }, outputs: results,
        attributes: attributes.map { ($0.key, $0.value) }))
    return results.map { GraphValue($0, in: self) }
  }

  /// One of two computations, of which only that one is made. Both see all values so far.
  ///
  /// - Parameter condition: one element.
  public func either(
    _ condition: GraphValue, _ type: ElementType, then: () -> GraphValue,
    otherwise: () -> GraphValue
  ) -> GraphValue {
    func branch(_ name: String, _ body: () -> GraphValue) -> Attribute {
      let outer = graph.nodes
      graph.nodes = []
      defer { graph.nodes = outer }
      let result = within(name) { self("Identity", body()) }
      var branch = Graph(name: newName(name))
      branch.nodes = graph.nodes
      branch.outputs = [.init(name: result.name, type: type, shape: nil)]
      return .graph(branch)
    }
    return self(
      "If", condition,
      with: ["then_branch": branch("then", then), "else_branch": branch("else", otherwise)])
  }

  private func newName(_ word: String) -> String {
    let full = scope + word
    let number = counts[full, default: 0]
    counts[full] = number + 1
    return number == 0 ? full : "\(full)_\(number)"
  }

  // MARK: - Constants

  /// A weight as it is trained; of two with the same name and the same elements one is kept.
  ///
  /// - Parameters:
  ///   - shape: as ONNX wants it.
  ///   - arranged: the tensor in that shape, made when the file is written.
  public func weight(
    _ name: String, _ tensor: Tensor, shape: [Int], type: ElementType? = nil,
    arranged: @escaping (Tensor) -> Tensor
  ) -> GraphValue {
    let type = type ?? weightType
    guard let stored = type.stored else { preconditionFailure("weights are floats") }
    precondition(shape.reduce(1, *) == tensor.count, "\(tensor.shape) as \(shape)")
    if let known = weights[name], known.shape == tensor.shape, known.array == tensor.array {
      return GraphValue(name, in: self)
    }
    let name = weights[name] == nil ? name : newName("\(name).again")
    weights[name] = tensor
    graph.constants.append(
      .init(name: name, type: type, shape: shape, count: tensor.count * type.size) {
        var data = Data()
        Halves.encode(arranged(tensor), stored, to: &data)
        return Array(data)
      })
    return GraphValue(name, in: self)
  }

  /// A scalar.
  public func float(_ value: Float) -> GraphValue { floats([value], shape: []) }

  /// - Parameter shape: one axis without it.
  public func floats(_ values: [Float], shape: [Int]? = nil) -> GraphValue {
    constant(.float32, shape ?? [values.count], values.map(\.bitPattern))
  }

  /// A scalar in double precision.
  public func double(_ value: Double) -> GraphValue { constant(.float64, [], [value.bitPattern]) }

  /// A scalar.
  public func integer(_ value: Int) -> GraphValue {
    constant(.int64, [], [UInt64(bitPattern: Int64(value))])
  }

  /// One axis.
  public func integers(_ values: [Int]) -> GraphValue {
    constant(.int64, [values.count], values.map { UInt64(bitPattern: Int64($0)) })
  }

  /// A small constant, kept once however often it is asked for.
  private func constant<Bits: FixedWidthInteger>(
    _ type: ElementType, _ shape: [Int], _ values: [Bits]
  ) -> GraphValue {
    let bytes = values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    let constant = SmallConstant(type: type, shape: shape, bytes: bytes)
    let name = constants[constant] ?? "constant_\(constants.count)"
    if constants.updateValue(name, forKey: constant) == nil {
      graph.constants.append(
        .init(name: name, type: type, shape: shape, count: bytes.count) { bytes })
    }
    return GraphValue(name, in: self)
  }

  private struct SmallConstant: Hashable {
    let type: ElementType
    let shape: [Int]
    let bytes: [UInt8]
  }
}
