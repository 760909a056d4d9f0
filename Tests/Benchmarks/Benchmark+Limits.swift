import BenchmarkKernels
import Distillation
import Foundation
import Limits
import Networks
import Student
import Support
import Tensors

/// What the processor does at most, and what each hot path must do at least; Tests/Peers/limits.py puts the
/// times beside them.
extension Benchmark {
  /// Prints a JSON object: the peaks with one thread and with all, measured now, and for each path the
  /// arithmetic of an item and the least seconds it can take.
  static func limits() throws {
    let (one, all) = (Peaks(threads: 1), Peaks(threads: Parallel.workers))
    let paths = try counts().map { name, precision, count, items in
      let scale = 1 / Double(items)
      return """
        "\(name)": {"written": \(count.written * scale), "products": \(count.products * scale), \
        "depthwise": \(count.depthwise * scale), "bytes": \(count.bytes * scale), \
        "seconds": {"one": \(one.seconds(count, precision) * scale), \
        "all": \(all.seconds(count, precision) * scale)}}
        """
    }
    print(
      "{\"processor\": \"\(processor)\", \"threads\": \(Parallel.workers), \"peaks\": "
        + "{\"one\": \(one.json), \"all\": \(all.json)},\n\"paths\": {\(paths.joined(separator: ",\n"))}}"
    )
  }

  /// By the words that measure them, with how many items a count is of.
  private static func counts() throws -> [(String, Precision, ArithmeticCount, Int)] {
    var paths: [(String, Precision, ArithmeticCount, Int)] = []
    let transformer = try VisionTransformer.load(visionTransformerB32, from: NewTensors(seed: 1))
    let lite2 = try EfficientNet.load(.lite(2), from: NewTensors(seed: 1))
    for precision in Precision.allCases where precision == .float32 || FusedBlocks.hasBFloat16 {
      // Four passes of eight images, as the tower takes them.
      var tower = CountedPass.inference(precision)
      tower.visionTransformer(transformer, images: 8)
      paths.append(("vit-b32 \(precision.rawValue)", precision, tower.count, 8))
      var blocks = CountedPass.inference(precision)
      blocks.efficientNet(lite2, side: 260)
      paths.append(("lite2 \(precision.rawValue)", precision, blocks.count, 1))
      var conse = CountedPass.inference(precision)
      conse.classifier(lite2, side: 260)
      paths.append(("conse \(precision.rawValue)", precision, conse.count, 1))
    }

    let detector = try newStudent(maskRCNN(), method: .vildText, embeddings: 512)
    let square = CountedPass.Map(images: 1, height: 640, width: 640)
    var step = CountedPass.training(numbersPerWeight: 1)
    // The eight objects themselves have masks to learn, whatever is proposed.
    step.student(detector, square, regions: 512, masks: 8, names: 91)
    paths.append(("mask-rcnn-train", .float32, step.count, 1))
    var image = CountedPass.inference()
    image.student(detector, square, regions: 1000, masks: 100, names: 90)
    paths.append(("mask-rcnn-detect", .float32, image.count, 1))

    let small = try newStudent(photographs(), method: .vild, embeddings: 384)
    var smallStep = CountedPass.training(numbersPerWeight: 2)
    smallStep.student(
      small, .init(images: 4, height: 320, width: 320), regions: 4 * (48 + 16), masks: 0, names: 21)
    paths.append(("photographs-train", .float32, smallStep.count, 4))
    var smallImage = CountedPass.inference()
    smallImage.student(
      small, .init(images: 1, height: 256, width: 320), regions: 100, masks: 0, names: 20)
    paths.append(("exported lite0 one float32", .float32, smallImage.count, 1))
    return paths
  }

  /// The student of pipelines/photographs.yaml.
  static func photographs() -> StudentConfiguration {
    var sizes = StudentConfiguration()
    sizes.backbone.family = .efficientNetLite0
    sizes.backbone.norm = .frozen
    sizes.backbone.frozenStages = 2
    sizes.normalization.kind = .none
    sizes.pyramid.channels = 128
    sizes.pyramid.finestLevel = 3
    sizes.pyramid.coarse = .subsampled
    sizes.proposals.convolutions = 1
    sizes.proposals.anchorScale = 4
    sizes.proposals.foregroundOverlap = 0.6
    sizes.proposals.trainingCandidates = 500
    sizes.proposals.candidates = 500
    sizes.proposals.trainingKept = 256
    sizes.proposals.smallestSide = 1
    sizes.regions.canonicalSize = 112
    sizes.regions.convolutions = 0
    sizes.regions.fullyConnected = [1024]
    sizes.regions.sampledRegions = 48
    sizes.masks.enabled = false
    return sizes
  }

  /// A step of its training: four images of 320 x 320 pixels, AdamW; the seconds are an image's.
  static func photographsTrainingStep() throws -> Work {
    let step = try step(
      photographs(), images: 4, width: 320, height: 320, distilled: 16, embeddings: 384,
      optimizer: { AdamW($0, decay: 0.01, maximumNorm: 5) })
    return (4, step.run)
  }

  private static var processor: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(
      separator: "\n")
    let line = lines?.first { $0.hasPrefix("model name") }
    return line.map { $0.split(separator: ":").last!.trimmingCharacters(in: .whitespaces) }
      ?? "unknown"
  }
}

extension Peaks {
  /// The best of several short runs, so many threads at once.
  init(threads: Int) {
    self.init()
    func rate(_ work: () -> Double) -> Double {
      (0..<12).map { _ in
        let start = Benchmark.now
        let amount = work()
        return amount / (Benchmark.now - start)
      }.max()!
    }
    func everywhere(_ body: (Int) -> Void) {
      if threads == 1 { body(0) } else { Parallel.items(threads, body) }
    }
    func peak(_ kind: vild_peak_kind) -> Double {
      let steps = vild_peak(kind, 1)
      return rate {
        everywhere { _ in _ = vild_peak(kind, 40_000) }
        return 2 * Double(steps * 40_000 * threads)
      }
    }
    float32 = peak(VILD_PEAK_FLOAT32)
    bfloat16 = peak(VILD_PEAK_BFLOAT16)
    // Three arrays of 64 MB a thread, several times what caches hold.
    let count = 1 << 24
    let arrays = Tensor(zeros: [threads, 3, count])
    // Safe: every thread has arrays of its own.
    nonisolated(unsafe) let start = arrays.withElements {
      UnsafeMutablePointer(mutating: $0.baseAddress!)
    }
    bandwidth = withExtendedLifetime(arrays) {
      rate {
        everywhere { thread in
          let a = start + 3 * thread * count
          vild_triad(a, a + count, a + 2 * count, 0.5, count)
        }
        return Double(12 * count * threads)
      }
    }
  }

  fileprivate var json: String {
    "{\"float32\": \(float32), \"bfloat16\": \(bfloat16), \"bandwidth\": \(bandwidth)}"
  }
}
