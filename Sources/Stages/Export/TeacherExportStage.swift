import Foundation
import Images
import NetworkExport
import Networks
import ONNX
import Pipeline
import Support
import Teacher

/// Writes a tower of the pipeline's teacher as an ONNX graph, with a text that says how it is used.
/// Nothing is recorded of it, and nothing depends on it.
public struct TeacherExportStage {
  /// The half of a teacher.
  public enum Tower: String, Sendable, CaseIterable {
    case image, text
  }

  /// What is exported, and where to.
  public struct Request: Sendable {
    /// The graph's file; the text stands beside it.
    public var output: String
    public var tower: Tower
    /// Whether weights are written in float16, and layers compute in it.
    public var isHalf: Bool
    /// The program's name and version.
    public var producer: String

    public init(output: String, tower: Tower = .image, isHalf: Bool = false, producer: String) {
      (self.output, self.tower, self.isHalf) = (output, tower, isHalf)
      self.producer = producer
    }
  }

  private static let name = "export"

  private let chain: Chain
  private let request: Request
  private var run: Run { chain.run }

  public init(_ chain: Chain, _ request: Request) { (self.chain, self.request) = (chain, request) }

  /// Writes the files, the graph last, and prints where they are.
  ///
  /// - Throws: `InputError` for a teacher whose tower has no graph (`configuration`), and for a path that
  ///   cannot be written.
  public func execute() throws {
    let part = try OutputGraph.part(at: request.output)
    let choices = run.configuration.teacher
    guard choices.family == .clip else {
      throw InputError(
        .configuration, "the towers of this teacher have no graph", at: "teacher.family",
        expected: TeacherFolder.Family.clip.rawValue, got: choices.family.rawValue)
    }
    let teacher = try chain.teacher()
    let clip = try CLIP.load(folder: run.path(choices.folder))
    let model = PathText.name(of: request.output)
    let type = request.isHalf ? ElementType.float16 : .float32
    let (graph, notes): (Graph, String)
    switch request.tower {
    case .image:
      graph = TowerGraph.image(clip.vision, weightType: type)
      let pixels = try teacher.load().preprocessing
      notes = TowerNotes.image(
        model: model, size: pixels.size, width: clip.vision.width,
        mean: (0..<3).map { pixels.mean[$0] },
        standardDeviation: (0..<3).map { pixels.standardDeviation[$0] },
        resizing: pixels.resizing, isBicubic: pixels.filter == .bicubic)
    case .text:
      graph = TowerGraph.text(clip.text, weightType: type)
      let sizes = clip.text.configuration
      notes = TowerNotes.text(
        model: model, vocabulary: sizes.vocabulary, positions: sizes.positions,
        width: sizes.projection)
    }
    let file = Model(
      graph, producer: request.producer,
      metadata: [
        ("vild.tower", request.tower.rawValue), ("vild.teacher", teacher.fingerprint),
        ("licence", OutputGraph.licence),
      ])
    let text = "\(PathText.withoutEnding(request.output)).txt"
    try file.write(to: part, path: request.output)
    try Files.write(Data(notes.utf8), to: text)
    try part.publish()
    chain.report.say(
      Self.name, "\(request.tower.rawValue) tower, \(OutputGraph.summary(of: graph, file))")
    for path in [request.output, text] { try StandardOutput.print(path) }
  }
}
