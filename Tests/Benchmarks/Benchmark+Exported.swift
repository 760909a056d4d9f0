import Detection
import Foundation
import Images
import Networks
import ONNX
import Regions
import Student
import StudentExport
import Support
import Tensors

/// A student from the bytes of an image to detections, and the graph of the same student for other runtimes;
/// Tests/Peers/bench_exported.py is the other side.
extension Benchmark {
  /// A student of a recipe's sizes with random weights, and what it is asked.
  struct Exported {
    let student: Student
    let longSide: Int
    let proposals: Int
    let names: Int
    let rule: PostProcessing

    /// - Throws: `InputError` (`usage`) for another name than those of the `switch`.
    init(_ name: String?, _ precision: Precision = .float32) throws(InputError) {
      var sizes = StudentConfiguration()
      let method = Method.vild
      switch name {
      case "mask-rcnn":
        // Mask R-CNN's published sizes, with an embedding for the classifier.
        (sizes, longSide, proposals, names) = (Benchmark.maskRCNN(), 640, 1000, 80)
        rule = PostProcessing(limit: 100)
      case "lite0":
        // Those of pipelines/photographs.yaml.
        sizes.backbone.family = .efficientNetLite0
        sizes.backbone.norm = .frozen
        sizes.normalization.kind = .none
        sizes.pyramid.channels = 128
        sizes.pyramid.finestLevel = 3
        sizes.pyramid.coarse = .subsampled
        sizes.proposals.convolutions = 1
        sizes.proposals.anchorScale = 4
        sizes.proposals.candidates = 500
        sizes.proposals.smallestSide = 1
        sizes.regions.canonicalSize = 112
        sizes.regions.convolutions = 0
        sizes.regions.fullyConnected = [1024]
        sizes.masks.enabled = false
        (longSide, proposals, names) = (320, 100, 20)
        rule = PostProcessing(limit: 100)
      case "emoji":
        // Those of pipelines/emoji.yaml.
        sizes.backbone.family = .resNet18
        sizes.backbone.width = 32
        sizes.pyramid.channels = 64
        sizes.pyramid.finestLevel = 3
        sizes.pyramid.coarsestLevel = 5
        sizes.proposals.convolutions = 1
        sizes.proposals.anchorScale = 4
        sizes.proposals.candidates = 500
        sizes.regions.canonicalSize = 112
        sizes.regions.convolutions = 0
        sizes.regions.fullyConnected = [256]
        sizes.masks.enabled = false
        (longSide, proposals, names) = (256, 200, 100)
        rule = PostProcessing(limit: 300)
      default:
        throw InputError(
          .usage, "which student?", expected: "mask-rcnn, lite0 or emoji", got: name ?? "nothing")
      }
      student = Student(
        backbone: try sizes.backboneNetwork(from: EvenResiduals()), configuration: sizes,
        method: method, baseCategories: [], embeddingWidth: 512, seed: 1
      ).folded(precision)
    }

    /// An eighth larger than the student sees it.
    var image: Image { noise(width: longSide * 9 / 8, height: longSide * 27 / 32) }

    var asked: AskedCategories { Benchmark.asked(names, width: 512) }

    func detections(in image: Image, _ asked: AskedCategories) -> [Detection] {
      let pixels = student.pixels
      let input = DetectorInput(
        image, longSide: longSide, mean: pixels.mean, standardDeviation: pixels.standardDeviation)
      let found = student.detect(input, limit: proposals)
      let scores = student.regions.scores(found.description, for: asked)
      let detections = rule.detections(boxes: found.regions.boxes, tiles: scores.tiles) {
        scores($0)
      }
      _ = student.masks(detections.map(\.box), in: found)
      return detections
    }
  }

  /// An image by all threads, or an image a thread.
  ///
  /// - Throws: `InputError`, also where the processor lacks the precision.
  static func exported(_ name: String?, way: String?, _ precision: Precision) throws -> Work {
    try precision.requireAvailable()
    let exported = try Exported(name, precision)
    let (image, asked) = (exported.image, exported.asked)
    switch way {
    case "one": return (1, { _ = exported.detections(in: image, asked) })
    case "each":
      let count = Parallel.workers
      return (
        count, { Parallel.items(count) { _ in _ = exported.detections(in: image, asked) } }
      )
    default:
      throw InputError(.usage, "which way?", expected: "one or each", got: way ?? "nothing")
    }
  }

  /// Writes the graph, the image's bytes and the names' embeddings into a folder, and says their sizes
  /// and the scores that the student gives in float32, and in bfloat16 where the processor has that.
  static func writeGraph(_ name: String?, to folder: String?) throws {
    let exported = try Exported(name)
    guard let folder else { throw InputError(.usage, "into which folder?") }
    let graph = StudentGraph(
      of: exported.student, longSide: exported.longSide, proposals: exported.proposals,
      rule: exported.rule
    ).graph
    let path = "\(folder)/model.onnx"
    let part = try PartFile(path: path)
    try Model(graph, producer: "vild-bench", metadata: []).write(to: part, path: path)
    try part.publish()
    let (image, asked) = (exported.image, exported.asked)
    try Files.write(Data(image.pixels), to: "\(folder)/image.bin")
    try Files.write(
      asked.embeddings.array.withUnsafeBytes { Data($0) }, to: "\(folder)/names.bin")
    func scores(_ exported: Exported) -> String {
      let scores = exported.detections(in: image, asked).map { "\($0.score)" }
      return "[\(scores.joined(separator: ", "))]"
    }
    let isRounded = (try? Precision.bfloat16.requireAvailable()) != nil
    print(
      "{\"image\": [\(image.height), \(image.width), 3], \"names\": [\(exported.names), 512], "
        + "\"scores\": \(scores(exported)), "
        + "\"bfloat16\": \(isRounded ? scores(try Exported(name, .bfloat16)) : "null")}")
  }
}
