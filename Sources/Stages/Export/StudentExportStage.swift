import Datasets
import Foundation
import ONNX
import Pipeline
import Student
public import StudentExport
import Support
import Teacher

/// Writes a trained student as an ONNX graph or as weights for PyTorch, with the vocabulary that it is asked
/// with and what says how it is used. Nothing is recorded of it, and nothing depends on it.
public struct StudentExportStage {
  /// What is written.
  public enum Format: String, Sendable, CaseIterable {
    /// A graph.
    case onnx
    /// The state dictionary of torchvision's Mask R-CNN, and the model it is loaded into.
    case torchvision
    /// The weights under the student's own names.
    case safetensors
  }

  /// What is exported, and where to.
  public struct Request: Sendable {
    /// The file of the graph or of the weights; the others stand beside it.
    public var output: String
    public var format: Format
    /// A student's file or folder; nil for the pipeline's.
    public var student: String?
    /// Names between semicolons, or a file of names; nil for the pipeline's own.
    public var classes: String?
    /// How far a graph goes.
    public var part: StudentGraph.Part
    /// What goes into a graph.
    public var input: StudentGraph.Input
    /// Whether a graph's weights are written in float16, and its layers compute in it.
    public var isHalf: Bool
    /// The program's name and version.
    public var producer: String

    public init(
      output: String, format: Format = .onnx, student: String? = nil, classes: String? = nil,
      part: StudentGraph.Part = .full, input: StudentGraph.Input = .init(), isHalf: Bool = false,
      producer: String
    ) {
      (self.output, self.format, self.student) = (output, format, student)
      (self.classes, self.part, self.input) = (classes, part, input)
      (self.isHalf, self.producer) = (isHalf, producer)
    }
  }

  static let name = "export"

  private let chain: Chain
  let request: Request
  private var run: Run { chain.run }
  var report: Console { chain.report }

  public init(_ chain: Chain, _ request: Request) { (self.chain, self.request) = (chain, request) }

  /// Writes the files, the graph or the weights last, and prints where they are.
  ///
  /// - Throws: `InputError` for a student that is not trained yet (`missingInput`), of another teacher or
  ///   other base categories (`badData`), for names that it cannot know (`configuration`) or that lie
  ///   below others (`usage`), for one that is not torchvision's network (`configuration`), and for a path
  ///   that cannot be written.
  public func execute() throws {
    switch request.format {
    case .onnx: try writeGraph()
    case .torchvision: try writeTensors(for: true)
    case .safetensors: try writeTensors(for: false)
    }
  }

  private func writeGraph() throws {
    let part = try OutputGraph.part(at: request.output)
    let file = try studentFile()
    let vocabulary = request.part == .full ? try vocabulary(of: file) : nil
    sayWhoDetects()
    let choices = run.configuration.detection
    let graph = StudentGraph(
      of: try file.student(), part: request.part, longSide: choices.longSide,
      proposals: choices.proposals, rule: choices.postProcessing, input: request.input,
      weightType: request.isHalf ? .float16 : .float32
    ).graph
    let model = Model(graph, producer: request.producer, metadata: try metadata(of: file))
    let base = PathText.withoutEnding(request.output)
    let (names, notes) = ("\(base).vocabulary.json", "\(base).txt")
    try model.write(to: part, path: request.output)
    try vocabulary?.write(to: names)
    let text = GraphNotes(
      of: graph, model: PathText.name(of: request.output),
      vocabulary: vocabulary == nil ? nil : PathText.name(of: names), longSide: choices.longSide
    ).text
    try Files.write(Data(text.utf8), to: notes)
    try part.publish()
    report.say(
      Self.name,
      "\(file.method.rawValue), part \(request.part.rawValue), "
        + OutputGraph.summary(of: graph, model))
    for path in [request.output, notes] + (vocabulary == nil ? [] : [names]) {
      try StandardOutput.print(path)
    }
  }

  func sayWhoDetects() {
    let classifier = run.configuration.detection.classifier
    guard classifier != .student else { return }
    report.say(
      Self.name,
      "the export is the student's alone; the pipeline's detections are by \(classifier.rawValue)")
  }

  /// The given student, or the pipeline's.
  func studentFile() throws -> StudentFile {
    let teacher = try chain.teacher()
    let path: String
    if let student = request.student {
      path = student
    } else {
      guard let folder = try chain.plannedStudent().folder, folder.isFinished else {
        throw InputError(
          .missingInput, "the student is not trained yet", at: run.folder,
          hint: "'vild distill' trains it, or name one with --student")
      }
      path = folder.path
    }
    let file = try StudentFile(path)
    try file.check(teacher: teacher.fingerprint)
    if request.student != nil { report.say(Self.name, file.description) }
    return file
  }

  func vocabulary(of file: StudentFile) throws -> ExportedVocabulary {
    guard file.method.isOpenVocabulary else {
      guard request.classes == nil else {
        throw InputError(
          .configuration,
          "a student of method '\(file.method.rawValue)' knows no other categories", at: file.path,
          expected: "a method that learns from text", got: file.method.rawValue,
          hint: "leave --classes out")
      }
      return ExportedVocabulary(names: file.base, teacher: file.teacher)
    }
    let vocabulary = try chain.vocabulary(request.classes, for: Self.name)
    guard vocabulary.parents.isEmpty else {
      throw InputError(
        .usage, "an export knows no names below others", at: "--classes",
        expected: "a plain list", got: "names below '\(vocabulary.parents[0].name.name)'")
    }
    let teacher = try chain.teacher()
    let asked = try AskedNames(
      vocabulary, attributes: [], split: run.trainingSplit(), by: teacher.embeddings)
    return ExportedVocabulary(
      names: asked.categories.names, embeddings: asked.categories.embeddings,
      textShares: file.method == .vildEnsemble ? asked.categories.textShares : nil,
      templates: teacher.templates.templates, teacher: teacher.fingerprint)
  }

  func metadata(of file: StudentFile) throws -> [(key: String, value: String)] {
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try JSONDocument.line(value), as: UTF8.self)
    }
    let novel = try run.trainingSplit().novel
    return [
      ("vild.part", request.part.rawValue),
      ("vild.method", file.method.rawValue),
      ("vild.student", try file.hash()),
      ("vild.inputs", file.inputs),
      ("vild.teacher", file.teacher),
      ("vild.configuration", try json(file.configuration)),
      ("vild.detection", try json(run.configuration.detection)),
      ("vild.base_categories", try json(file.base)),
      ("vild.novel_categories", try json(novel.filter { !file.base.contains($0) })),
      ("licence", OutputGraph.licence),
    ]
  }
}
