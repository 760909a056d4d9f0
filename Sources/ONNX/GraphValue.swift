/// What a node gives, an input or a constant: a tensor that is there when the graph runs.
public struct GraphValue {
  public let name: String
  /// What it is part of.
  public let graph: GraphBuilder

  init(_ name: String, in graph: GraphBuilder) { (self.name, self.graph) = (name, graph) }
}

/// Element by element, sizes broadcast.
extension GraphValue {
  public static func + (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("Add", a, b) }
  public static func - (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("Sub", a, b) }
  public static func * (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("Mul", a, b) }
  public static func / (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("Div", a, b) }

  public static func > (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("Greater", a, b) }
  public static func >= (a: GraphValue, b: GraphValue) -> GraphValue {
    a.graph("GreaterOrEqual", a, b)
  }
  public static func && (a: GraphValue, b: GraphValue) -> GraphValue { a.graph("And", a, b) }

  /// The larger of each two.
  public func atLeast(_ other: GraphValue) -> GraphValue { graph("Max", self, other) }
  /// The smaller of each two.
  public func atMost(_ other: GraphValue) -> GraphValue { graph("Min", self, other) }
  /// The next whole number below.
  public var floor: GraphValue { graph("Floor", self) }

  public func cast(to type: ElementType) -> GraphValue {
    graph("Cast", self, with: ["to": .int(type.rawValue)])
  }

  /// As the layers with weights compute.
  public var asWeights: GraphValue {
    graph.weightType == .float32 ? self : cast(to: graph.weightType)
  }

  /// Of what such layers give.
  public var asFloat32: GraphValue { graph.weightType == .float32 ? self : cast(to: .float32) }
}

/// Shapes and places.
extension GraphValue {
  /// The sizes of all axes.
  public var shape: GraphValue { graph("Shape", self) }

  /// The size of one axis, a scalar.
  public func size(_ axis: Int) -> GraphValue { shape.element(axis) }

  /// One element of a row, or one part of the first axis.
  public func element(_ index: Int) -> GraphValue { gathered(at: graph.integer(index)) }

  /// - Parameter shape: -1 once at most, for what is left.
  public func reshaped(_ shape: [Int]) -> GraphValue {
    graph("Reshape", self, graph.integers(shape))
  }

  /// One axis more at each of these places of the result.
  public func expanded(_ axes: [Int]) -> GraphValue {
    graph("Unsqueeze", self, graph.integers(axes))
  }

  /// Without these axes, of size 1.
  public func squeezed(_ axes: [Int]) -> GraphValue {
    graph("Squeeze", self, graph.integers(axes))
  }

  /// Axis `i` of the result is axis `order[i]`.
  public func transposed(_ order: [Int]) -> GraphValue {
    graph("Transpose", self, with: ["perm": .ints(order)])
  }

  /// The parts at some places of an axis.
  public func gathered(at places: GraphValue, axis: Int = 0) -> GraphValue {
    graph("Gather", self, places, with: ["axis": .int(axis)])
  }

  /// The columns of [N, M], each [N, 1].
  public func columns(_ count: Int) -> [GraphValue] {
    graph.node("Split", [self], ["axis": 1], outputs: count)
  }

  /// The places [N] of what is true among [N] or [N, 1] elements.
  public var places: GraphValue { graph("NonZero", reshaped([-1])).reshaped([-1]) }

  /// The largest `count` along the last axis, best first, of equal ones the first, and where they
  /// stood.
  ///
  /// - Parameter count: [1], no more than there are.
  public func largest(_ count: GraphValue) -> (values: GraphValue, places: GraphValue) {
    let found = graph.node("TopK", [self, count], ["axis": -1], outputs: 2)
    return (found[0], found[1])
  }
}

extension [GraphValue] {
  /// One after the other along an axis.
  public func joined(axis: Int) -> GraphValue {
    count == 1
      ? self[0] : self[0].graph.node("Concat", map { $0 }, ["axis": .int(axis)], outputs: 1)[0]
  }
}
