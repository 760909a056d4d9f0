import Cache
import Dispatch
import Foundation
import Regions
import Support

/// Fills a cache with records that follow from the image ids, slowly enough to be killed half-way;
/// or mends it.
///
/// Usage: CacheCrashHelper <folder> <images> <images a unit> <microseconds an image> <threads>
/// [the image that kills its worker] [anything, so that failed images are tried again], or
/// CacheCrashHelper repair|start <folder>; the latter prints how long a training run takes to start.
@main
struct CacheCrashHelper {
  static func main() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    if words.first == "repair", words.count == 2 {
      for place in try CacheFolder.all(in: words[1]) { _ = try RegionCache.repair(place) }
      return
    }
    if words.first == "start", words.count == 2 {
      try start(words[1])
      return
    }
    let numbers = words.dropFirst().compactMap { Int($0) }
    guard let folder = words.first, numbers.count == words.count - 1, (4...6) ~= numbers.count
    else {
      FileHandle.standardError.write(
        Data("usage: CacheCrashHelper folder images unit-size microseconds threads\n".utf8))
      exit(64)
    }
    let poison = numbers.count > 4 ? numbers[4] : nil
    let cache = try RegionCache.open(
      folder: folder, recipe: recipe, imageIDs: (0..<numbers[0]).map { $0 * 7 + 1 },
      unitSize: numbers[1])
    if numbers.count == 6 {
      let failed = try CacheReader(folder: folder, recipe: recipe).failures().map(\.imageID)
      try cache.embedAgain(failed, suspects: Set(failed))
    }
    let group = DispatchGroup()
    for number in 0..<numbers[3] {
      DispatchQueue(label: "worker \(number)").async(group: group) {
        do {
          try cache.work { image in
            usleep(UInt32(numbers[2]))
            if image == poison { kill(getpid(), SIGKILL) }
            return record(image)
          }
        } catch {
          FileHandle.standardError.write(Data("\(error)\n".utf8))
          exit(1)
        }
      }
    }
    group.wait()
    try cache.close()
  }

  private static func start(_ folder: String) throws {
    let began = ContinuousClock.now
    let reader = try CacheReader(CacheFolder.all(in: folder)[0])
    let images = try UsableImages(of: reader)
    let order = KeyedPermutation(key: 1, count: images.count)
    let opened = ContinuousClock.now
    for place in 0..<8 { _ = try images.id(at: order[place]) }
    _ = try images.record(at: 0)
    print(
      "\(order.count) images: opened in \(opened - began), eight places and a record in "
        + "\(ContinuousClock.now - opened)")
  }

  static let recipe = TeacherRecipe(
    teacher: .init(family: "test", weights: String(repeating: "0", count: 64), dimension: 64),
    preprocessing: .init(
      inputSize: 32, cropFactors: [1, 1.5], border: "zero", rounding: "outward",
      resize: "bicubic", mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]),
    combination: "sum of unit vectors, normalised", numericMode: "float32",
    proposals: .init(file: String(repeating: "1", count: 64), labels: ["cat", "dog"]),
    imageDecodePolicy: 1)

  /// Every fifth image has no proposals, every seventh is missing.
  static func record(_ imageID: Int) -> CacheRecord {
    if imageID % 7 == 3 { return CacheRecord(imageID: imageID, failed: .missing, error: "gone") }
    var state = UInt64(imageID) &* 0x9E37_79B9_7F4A_7C15
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / 16_777_216
    }
    var boxes: [Box] = []
    var vectors: [Float] = []
    for _ in 0..<(imageID % 5 == 0 ? 0 : 1 + imageID % 40) {
      let (x, y) = (next() * 300, next() * 200)
      boxes.append(Box(x0: x, y0: y, x1: x + next() * 99, y1: y + next() * 99))
      let vector = (0..<64).map { _ in next() - 0.5 }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vectors += vector.map { $0 / norm }
    }
    return CacheRecord(
      imageID: imageID, width: 400, height: 300,
      regions: EmbeddedRegions(
        boxes.map { Region(box: $0, score: next()) }, vectors: vectors))
  }
}
