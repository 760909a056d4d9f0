import Tensors

/// The types of elements that our graphs have, by ONNX's numbers.
public enum ElementType: Int, Sendable {
  case float32 = 1
  case uint8 = 2
  case int64 = 7
  case bool = 9
  case float16 = 10
  case float64 = 11
}

/// The size of an axis, or a name for one that is known when the graph runs.
public enum Dimension: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  case fixed(Int)
  case named(String)

  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(stringLiteral value: String) { self = .named(value) }
}

/// What an operator is told beside its inputs.
public enum Attribute: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  case int(Int)
  case float(Float)
  case string(String)
  case ints([Int])
  case graph(Graph)

  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Float) { self = .float(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: Int...) { self = .ints(elements) }
}

/// Nodes in an order in which each comes after those whose outputs it reads.
public struct Graph {
  /// An operator, its inputs and what its outputs are called.
  public struct Node {
    public let name: String
    /// "Conv"
    public let operation: String
    /// Names; empty for an optional one that is not given.
    public let inputs: [String]
    public let outputs: [String]
    public let attributes: [(name: String, value: Attribute)]
  }

  /// What comes in or goes out.
  public struct Port {
    public let name: String
    public let type: ElementType
    /// nil where nothing is said of it, as inside a branch.
    public let shape: [Dimension]?
  }

  /// A tensor that belongs to the graph.
  package struct Constant {
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    /// Bytes, little-endian, row by row.
    let count: Int
    let bytes: () -> [UInt8]
  }

  var name: String
  public internal(set) var nodes: [Node] = []
  package internal(set) var constants: [Constant] = []
  public internal(set) var inputs: [Port] = []
  public internal(set) var outputs: [Port] = []
}

extension ElementType {
  /// Bytes of an element.
  public var size: Int {
    switch self {
    case .uint8, .bool: 1
    case .float16: 2
    case .float32: 4
    case .int64, .float64: 8
    }
  }

  /// As the files of tensors call it; nil for a type that is no weight's.
  var stored: StoredType? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    default: nil
    }
  }
}
