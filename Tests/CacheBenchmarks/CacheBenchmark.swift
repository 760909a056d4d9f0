import Cache
import Foundation
import Regions
import Support

/// Times the teacher cache for comparison with other stores: one measure a process.
///
///     vild-cache-bench write FOLDER IMAGES [WIDTH]
///     vild-cache-bench sequential|first FOLDER
///     vild-cache-bench stream FOLDER [BATCHES]
///     vild-cache-bench random FOLDER [THREADS]
///     vild-cache-bench open FOLDER [IMAGES]
///     vild-cache-bench store FOLDER IMAGES [float32|float16|int8]
///     vild-cache-bench query FOLDER [NAMES]
///
/// A record is an image with 300 regions: float32 boxes and scores, float16 unit vectors of width
/// 512 unless said otherwise. Prints JSON: images, seconds, bytes on the disk and the most resident memory.
/// Tests/Peers/cache_bench.py does the same with other libraries. `open` makes a cache of small records
/// and says what the checks of its catalogue cost. `store` writes a region store of 100 regions an image,
/// and `query` labels it; its share of the limit is that of reading and multiplying.
@main enum CacheBenchmark {
  static let regions = 300

  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    guard words.count >= 2 else {
      throw InputError(.usage, "which measure of which folder?")
    }
    let (measure, folder) = (words[1], words[2])
    let number = words.count > 2 ? Int(words[3]) : nil
    if measure == "open" {
      print(try opening(folder, images: number ?? 100_000))
      return
    }
    if measure == "query" { return print(try query(folder, names: number ?? 100)) }
    let result: (images: Int, seconds: Double)
    switch measure {
    case "write":
      let width = words.count > 3 ? Int(words[4]) : nil
      result = try write(to: folder, images: number ?? 1000, recipe(dimension: width ?? 512))
    case "store":
      let precision = words.count > 3 ? EmbeddingPrecision(rawValue: words[4]) : .float16
      guard let precision else { throw InputError(.usage, "which precision?") }
      result = try writeStore(to: folder, images: number ?? 1000, precision)
    case "sequential": result = try sequential(folder)
    case "random": result = try random(folder, threads: number ?? 1, most: 20_000)
    case "first": result = try stream(folder, batches: 1)
    case "stream": result = try stream(folder, batches: number ?? 1000)
    default: throw InputError(.usage, "unknown measure", got: measure)
    }
    print(
      "{\"images\": \(result.images), \"seconds\": \(result.seconds), \"bytes\": "
        + "\(try size(of: folder)), \"resident\": \(resident())}")
  }

  static var now: Double { ProcessInfo.processInfo.systemUptime }

  static func recipe(dimension: Int) -> TeacherRecipe {
    TeacherRecipe(
      teacher: .init(
        family: "clip", weights: String(repeating: "0", count: 64), dimension: dimension),
      preprocessing: .init(
        inputSize: 224, cropFactors: [1, 1.5], border: "zero", rounding: "outward",
        resize: "bicubic", mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]),
      combination: "sum of unit vectors, normalised", numericMode: "float32",
      proposals: .init(file: String(repeating: "0", count: 64), labels: []), imageDecodePolicy: 1)
  }

  /// Bytes of all files under `folder`.
  private static func size(of folder: String) throws -> Int {
    try FileManager.default.subpathsOfDirectory(atPath: folder).reduce(0) { sum, path in
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
      return attributes[.type] as? FileAttributeType == .typeRegular
        ? sum + (attributes[.size] as? Int ?? 0) : sum
    }
  }

  /// The most memory the process had, in bytes.
  static func resident() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
