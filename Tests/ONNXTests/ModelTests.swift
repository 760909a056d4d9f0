import Foundation
import ONNX
import Support
import Tensors
import TestSupport
import Testing

/// Files against bytes that were worked out by hand from the definitions of Protocol Buffers and ONNX.
@Suite struct ModelTests {
  private func bytes(of model: Model) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let path = "\(folder)/model.onnx"
      let part = try PartFile(path: path)
      try model.write(to: part, path: path)
      try part.publish()
      return Array(try Files.read(path))
    }
  }

  /// A field of a length: its key, the length in one byte, the content.
  private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(content.count)] + content
  }

  private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func aWholeFile() throws {
    let graph = GraphBuilder("g")
    let x = graph.input("x", .float32, ["n", 2])
    graph.output(graph("Relu", x), as: "y", .float16, [])
    let model = Model(graph.graph, producer: "vild 1", metadata: [("k", "v")])
    let relu =
      field(1, text("x")) + field(2, text("Relu")) + field(3, text("Relu")) + field(4, text("Relu"))
    let identity =
      field(1, text("Relu")) + field(2, text("y")) + field(3, text("output"))
      + field(4, text("Identity"))
    let sizes = field(1, field(2, text("n"))) + field(1, [0x08, 2])
    let input = field(1, text("x")) + field(2, field(1, [0x08, 1] + field(2, sizes)))
    let output = field(1, text("y")) + field(2, field(1, [0x08, 10] + field(2, [])))
    let whole =
      field(1, relu) + field(1, identity) + field(2, text("g")) + field(11, input)
      + field(12, output)
    let expected =
      [0x08, 8] + field(2, text("vild")) + field(3, text("1")) + field(7, whole)
      + field(8, field(1, []) + [0x10, 17])
      + field(14, field(1, text("k")) + field(2, text("v")))
    #expect(try bytes(of: model) == expected)
    #expect(model.size == expected.count)
  }

  /// Where `part` begins in `whole`.
  private func place(of part: [UInt8], in whole: [UInt8]) -> Int? {
    whole.indices.first { whole[$0...].starts(with: part) }
  }

  @Test func numbersAndLists() throws {
    let minus = [0x18] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
    let cases: [(Attribute, [UInt8], kind: UInt8)] = [
      (1.5, [0x15, 0, 0, 0xC0, 0x3F], 1), (300, [0x18, 0xAC, 0x02], 2), (.int(-1), minus, 2),
      ("st", field(4, text("st")), 3), ([2, 1], [0x40, 2, 0x40, 1], 7),
    ]
    for (value, written, kind) in cases {
      let graph = GraphBuilder("g")
      _ = graph("X", with: ["a": value])
      let all = try bytes(of: Model(graph.graph, producer: "p", metadata: []))
      let attribute = field(1, text("a")) + written + [0xA0, 0x01, kind]
      #expect(place(of: field(5, attribute), in: all) != nil, "\(value)")
    }
  }

  @Test func weightsAreArrangedAndShortened() throws {
    let tensor = Tensor([2, 2], [1, 2, 3, 4])
    let columns: [Float] = [1, 3, 2, 4]
    let cases: [(ElementType, [UInt8])] = [
      (.float32, columns.flatMap { bits($0.bitPattern) }),
      (.float16, [0x00, 0x3C, 0x00, 0x42, 0x00, 0x40, 0x00, 0x44]),
    ]
    for (type, elements) in cases {
      let graph = GraphBuilder("g", weightType: type)
      _ = graph.weight("w", tensor, shape: [2, 2]) { $0.transposed }
      let all = try bytes(of: Model(graph.graph, producer: "p", metadata: []))
      let constant =
        [0x08, 2, 0x08, 2, 0x10, UInt8(type.rawValue)] + field(8, text("w")) + field(9, elements)
      #expect(place(of: field(5, constant), in: all) != nil, "\(type)")
    }
  }

  private func bits(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  @Test func smallConstantsAreKeptOnce() throws {
    let graph = GraphBuilder("g")
    let one = graph.integers([1])
    #expect(graph.integers([1]).name == one.name)
    #expect(graph.integer(1).name != one.name)
    #expect(graph.floats([1]).name != one.name)
    let all = try bytes(of: Model(graph.graph, producer: "p", metadata: []))
    let constant =
      [0x08, 1, 0x10, 7] + field(8, text(one.name)) + field(9, [1, 0, 0, 0, 0, 0, 0, 0])
    #expect(place(of: field(5, constant), in: all) != nil)
  }

  @Test func weightsOfOneNameAreKeptOnceWhereTheyAreEqual() {
    let graph = GraphBuilder("g")
    func add(_ values: [Float]) -> String {
      graph.weight("w", Tensor([2], values), shape: [2]) { $0 }.name
    }
    #expect(add([1, 2]) == "w")
    #expect(add([1, 2]) == "w")
    #expect(add([1, 3]) != "w")
  }

  @Test func namesOfNodesDifferAndBranchesHaveTheirOwn() throws {
    let graph = GraphBuilder("g")
    let x = graph.input("x", .bool, [])
    let y = graph.within("part") {
      graph.either(x, .bool) {
        graph("Not", x)
      } otherwise: {
        graph("Not", graph("Not", x))
      }
    }
    graph.output(y, as: "y", .bool, [])
    var names: [String] = []
    func collect(_ nodes: [Graph.Node]) {
      for node in nodes {
        names.append(node.name)
        for case .graph(let branch) in node.attributes.map(\.value) { collect(branch.nodes) }
      }
    }
    collect(graph.graph.nodes)
    #expect(graph.graph.nodes.map(\.operation) == ["If", "Identity"])
    #expect(names.count == 7 && Set(names).count == 7, "\(names)")
    #expect(names.filter { $0.hasPrefix("part/then/") }.count == 2)
  }

  @Test func moreThanReadersTakeIsOneError() throws {
    let graph = GraphBuilder("g")
    // One piece of memory, many names.
    let tensor = Tensor(zeros: [1 << 22])
    for number in 0..<128 { _ = graph.weight("w\(number)", tensor, shape: [1 << 22]) { $0 } }
    let model = Model(graph.graph, producer: "p", metadata: [])
    try withTemporaryFolder { folder in
      let path = "\(folder)/large.onnx"
      let part = try PartFile(path: path)
      let error = #expect(throws: InputError.self) { try model.write(to: part, path: path) }
      #expect(error?.kind == .cannotCreate)
      #expect(
        error?.description
          == "\(path): the graph is too large for an ONNX file (expected 2147483647 bytes at most, "
          + "got \(model.size)); weights in float16 take half as much")
    }
  }
}
