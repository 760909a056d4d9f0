import Foundation
import Regions
import Support
import Tensors

/// Times the work that takes the time, for comparison with other software: one measure a process.
///
///     vild-bench train|detect|embed|tower|pretrain [DATA]
///     vild-bench small [masks]
///     vild-bench mask-rcnn-train|mask-rcnn-detect
///     vild-bench photographs-train
///     vild-bench vit-b32|efficientnet-b7|lite2|conse|regions float32|bfloat16 [JPEG]
///     vild-bench crops JPEG
///     vild-bench exported mask-rcnn|lite0|emoji one|each
///     vild-bench graph mask-rcnn|lite0|emoji FOLDER
///     vild-bench checksums
///     vild-bench limits
///     vild-bench int8
///
/// Prints JSON: the seconds an image or crop took in each repetition, how many images or crops that is, what all
/// repetitions took of the clock and of the processors, how many fresh pages each image or crop needed, and the
/// most memory the process held, in bytes; the exit codes are those of vild,
/// 78 where the processor lacks a precision. Weights are random unless
/// DATA holds real ones; JPEG is the photograph of `regions`. Tests/Peers/bench.py and towers.py do
/// the same work, image for image and box for box. `checksums` prints what it takes to read a
/// student from a file with its checksums, without them, and the ratio. `exported` and `graph` are of
/// Tests/Peers/bench_exported.py, `limits` of Tests/Peers/limits.py.
@main enum Benchmark {
  /// What is repeated, and how many images or crops that is.
  typealias Work = (items: Int, run: () throws -> Void)

  static func main() throws {
    do {
      try Parallel.requireWorkers()
      try measure()
    } catch let error as InputError {
      FileHandle.standardError.write(Data("vild-bench: \(error)\n".utf8))
      exit(error.kind.rawValue)
    }
  }

  private static func measure() throws {
    let words = CommandLine.arguments.dropFirst()
    if words.first == "checksums" { return print(try checksums()) }
    if words.first == "limits" { return try limits() }
    if words.first == "int8" { return try int8Products() }
    let data = words.dropFirst().first
    let third = words.dropFirst(2).first
    if words.first == "graph" { return try writeGraph(data, to: third) }
    func precision(_ name: String?) throws(InputError) -> Precision {
      guard let found = name.flatMap(Precision.init) else {
        throw InputError(.usage, "which precision?", expected: "float32 or bfloat16", got: name)
      }
      return found
    }
    let work: Work
    switch words.first {
    case "train": work = try trainingStep(data: data)
    case "detect": work = try detection(data: data)
    case "embed": work = try regionEmbedding(data: data)
    case "tower": work = try imageTower(data: data)
    case "pretrain": work = try pretrainingStep()
    case "small": work = try smallTrainingStep(masks: data == "masks")
    case "mask-rcnn-train": work = try maskRCNNTrainingStep()
    case "mask-rcnn-detect": work = try maskRCNNDetection()
    case "photographs-train": work = try photographsTrainingStep()
    case "crops": work = try crops(data)
    case "exported": work = try exported(data, way: third, precision(words.last))
    case "vit-b32": work = tower(try visionTransformer(precision(data)), crops: 32, side: 224)
    case "efficientnet-b7": work = tower(try efficientNet(precision(data)), crops: 16, side: 289)
    case "lite2": work = tower(try lite2(precision(data)), crops: 32, side: 260)
    case "conse": work = try imageTower(data: nil, precision: precision(data))
    case "regions": work = try regions(precision(data), photograph: words.last!)
    default:
      throw InputError(
        .usage, "which measure?",
        expected: """
          train, detect, embed, tower, pretrain, small, mask-rcnn-train, mask-rcnn-detect, \
          photographs-train, exported, graph, vit-b32, efficientnet-b7, lite2, conse, regions, crops, \
          checksums, limits or int8
          """,
        got: words.first ?? "nothing")
    }
    let (seconds, pages, cpu) = try repeated(work, budget: 2)
    print(
      "{\"seconds\": [\(seconds.map { "\($0)" }.joined(separator: ", "))], "
        + "\"items\": \(work.items), \"clock\": \(seconds.reduce(0, +) * Double(work.items)), "
        + "\"processors\": \(cpu), "
        + "\"fresh_pages\": \(pages), \"peak_bytes\": \(ProcessUsage.now.peakBytes)}")
  }

  /// Seconds of an item in each repetition, fresh pages of an item over all, and the processors' seconds of
  /// all, after warming up.
  private static func repeated(
    _ work: Work, budget: Double
  ) throws -> (seconds: [Double], pages: Double, cpu: Double) {
    for _ in 0..<2 { try work.run() }
    var seconds = [Double]()
    let end = now + budget
    let before = ProcessUsage.now
    while seconds.count < 3 || now < end {
      let start = now
      try work.run()
      seconds.append((now - start) / Double(work.items))
    }
    let after = ProcessUsage.now
    let pages = Double(after.freshPages - before.freshPages) / Double(seconds.count * work.items)
    return (seconds, pages, after.cpuSeconds - before.cpuSeconds)
  }

  static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// The same boxes as on the other side, for an image of 640 x 480 times `scale`.
  static func boxes(_ count: Int, scale: Float) -> [Box] {
    (0..<count).map { i in
      let (x, y) = (Float(i * 97 % 400), Float(i * 61 % 300))
      let (width, height) = (Float(20 + i * 53 % 220), Float(20 + i * 29 % 170))
      return Box(
        x0: x * scale, y0: y * scale, x1: (x + width) * scale, y1: (y + height) * scale)
    }
  }
}
