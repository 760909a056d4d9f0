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
  /// - Throws: `InputError` for a teacher whose text tower has no graph (`configuration`), and for a path
  ///   that cannot be written.
  public func execute() throws {
    let part = try OutputGraph.part(at: request.output)
    let teacher = try chain.teacher()
    let (graph, notes) =
      switch request.tower {
      case .image: try image(of: teacher)
      case .text: try text()
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

  private var model: String { PathText.name(of: request.output) }
  private var type: ElementType { request.isHalf ? .float16 : .float32 }
  private var folder: String { run.path(run.configuration.teacher.folder) }

  private func image(of teacher: TeacherStage) throws -> (Graph, String) {
    let loaded = try teacher.load()
    let pixels = loaded.preprocessing
    let side = pixels.size
    func graph(_ tower: any ImageTower) -> Graph {
      TowerGraph.image(tower, side: side, weightType: type)
    }
    let tower =
      switch run.configuration.teacher.family {
      case .clip: graph(try CLIP.load(folder: folder).vision)
      case .siglip: graph(try SigLIP.load(folder: folder).vision)
      case .align: graph(try ALIGN.load(folder: folder).vision)
      case .conse:
        if let conse = loaded as? ConSETeacher {
          TowerGraph.image(
            classifier: conse.imageTower, classText: conse.classText, side: side, weightType: type)
        } else {
          preconditionFailure("a teacher of another family")
        }
      }
    let notes = TowerNotes.image(
      model: model, size: side, width: loaded.width, mean: (0..<3).map { pixels.mean[$0] },
      standardDeviation: (0..<3).map { pixels.standardDeviation[$0] }, resizing: pixels.resizing,
      isBicubic: pixels.filter == .bicubic)
    return (tower, notes)
  }

  private func text() throws -> (Graph, String) {
    let family = run.configuration.teacher.family
    switch family {
    case .clip:
      let text = try CLIP.load(folder: folder).text
      let sizes = text.configuration
      return (
        TowerGraph.text(text, weightType: type),
        TowerNotes.text(
          model: model, vocabulary: sizes.vocabulary, positions: sizes.positions,
          width: sizes.projection)
      )
    case .siglip:
      let text = try SigLIP.load(folder: folder).text
      let sizes = text.configuration
      return (
        TowerGraph.text(text, weightType: type),
        TowerNotes.text(
          model: model, vocabulary: sizes.vocabulary, places: sizes.positions,
          width: sizes.projection)
      )
    case .align, .conse:
      throw InputError(
        .configuration, "the text tower of this teacher has no graph", at: "teacher.family",
        expected: "clip or siglip, or --tower image", got: family.rawValue)
    }
  }
}
