import ONNX
import Student
import StudentExport
import Tensors
import TestSupport
import Testing

/// What graphs are made of, whether Python is there or not.
@Suite struct GraphTests {
  private func graph(
    _ method: Method, _ part: StudentGraph.Part = .full, masks: Bool = false,
    type: ElementType = .float32
  ) throws -> Graph {
    let sample = try SampleStudent(method, masks: masks)
    return StudentGraph(
      of: sample.student, part: part, longSide: 96, proposals: 30, rule: sample.rule,
      weightType: type
    ).graph
  }

  private static let ports: [(Method, inputs: [String], vectors: [String])] = [
    (.supervised, [], []), (.vildText, ["names"], ["text_vectors"]),
    (.vildImage, ["names"], ["image_vectors"]), (.vild, ["names"], ["text_vectors"]),
    (.vildEnsemble, ["names", "text_shares"], ["text_vectors", "image_vectors"]),
  ]

  @Test(arguments: ports) func methodsDifferInWhatGoesInAndComesOut(
    method: Method, names: [String], vectors: [String]
  ) throws {
    let plain = try graph(method)
    #expect(plain.inputs.map(\.name) == ["image"] + names)
    #expect(plain.outputs.map(\.name) == ["boxes", "scores", "categories"] + vectors)
    let whole = try graph(method, masks: true)
    #expect(whole.outputs.map(\.name) == plain.outputs.map(\.name) + ["masks"])
    #expect(whole.outputs.last?.shape == ["detections", 8, 8])
    let regions = try graph(method, .regions)
    let more = method == .supervised ? ["probabilities"] : vectors
    #expect(regions.inputs.map(\.name) == ["image"])
    #expect(regions.outputs.map(\.name) == ["boxes", "objectness"] + more)
  }

  @Test func partsEndEarlier() throws {
    #expect(try graph(.vild, .backbone).outputs.map(\.name) == (2...6).map { "p\($0)" })
    #expect(try graph(.vild, .proposals).outputs.map(\.name) == ["boxes", "objectness"])
    let counts = try StudentGraph.Part.allCases.map { try graph(.vild, $0).nodes.count }
    #expect(counts == counts.sorted() && Set(counts).count == 4, "\(counts)")
  }

  /// Every value is there before it is read, and made once.
  private func check(_ nodes: [Graph.Node], after known: Set<String>) -> Set<String> {
    var known = known
    for node in nodes {
      for input in node.inputs where !input.isEmpty {
        #expect(known.contains(input), "\(node.name) reads \(input)")
      }
      for case .graph(let branch) in node.attributes.map(\.value) {
        let inside = check(branch.nodes, after: known)
        for output in branch.outputs { #expect(inside.contains(output.name)) }
      }
      for output in node.outputs {
        #expect(known.insert(output).inserted, "\(output) is made twice")
      }
    }
    return known
  }

  @Test(arguments: Method.allCases) func nodesAreInOrder(method: Method) throws {
    let graph = try graph(method, masks: true)
    let given = graph.inputs.map(\.name) + graph.constants.map(\.name)
    #expect(Set(given).count == given.count)
    let made = check(graph.nodes, after: Set(given))
    for output in graph.outputs { #expect(made.contains(output.name)) }
  }

  private func operations(_ nodes: [Graph.Node]) -> Set<String> {
    nodes.reduce(into: []) { all, node in
      all.insert(node.operation)
      for case .graph(let branch) in node.attributes.map(\.value) {
        all.formUnion(operations(branch.nodes))
      }
    }
  }

  @Test func normsAreFoldedAndWeightsAreTheStudents() throws {
    let graph = try graph(.vild, masks: true)
    #expect(!operations(graph.nodes).contains("BatchNormalization"))
    let names = Set(graph.constants.map(\.name))
    let student = try SampleStudent(.vild, masks: true).student
    for parameter in student.parameters where parameter.name.hasSuffix("weight") {
      // A norm that stands apart is a factor and a shift.
      #expect(
        names.contains(parameter.name) || names.contains("\(parameter.name).factors"),
        "\(parameter.name)")
    }
  }

  @Test func levelsOfTheHeadShareWeightsWhereTheyAreTheSame() throws {
    let sample = try SampleStudent(.vild) { $0.normalization.kind = .none }
    let graph = StudentGraph(
      of: sample.student, part: .proposals, longSide: 96, proposals: 30, rule: sample.rule
    ).graph
    let hidden = graph.constants.filter { $0.name.hasPrefix("proposals.hidden") }
    #expect(hidden.count == 4, "\(hidden.map(\.name))")
  }

  @Test func halfPrecisionIsOfWeightsAlone() throws {
    let graph = try graph(.vild, masks: true, type: .float16)
    let weights = graph.constants.filter { $0.shape.count >= 2 && $0.name.hasSuffix("weight") }
    #expect(weights.count > 20 && weights.allSatisfy { $0.type == .float16 })
    #expect(graph.outputs.allSatisfy { $0.type != .float16 })
    #expect(graph.constants.first { $0.name == "text.background" }?.type == .float32)
  }

  @Test func notesNameWhatGoesInAndComesOut() throws {
    let graph = try graph(.vildEnsemble, masks: true)
    let text = GraphNotes(
      of: graph, model: "m.onnx", vocabulary: "m.vocabulary.json", longSide: 96
    ).text
    for port in graph.inputs + graph.outputs {
      #expect(text.contains("  \(port.name) "), "\(port.name)")
    }
    let example = text.split(separator: "\n").filter { $0.hasPrefix("    ") }
    #expect(example.count <= 25, "\(example.count) lines")
    #expect(example.contains { $0.contains(#"vocabulary["text_shares"]"#) })
  }
}
