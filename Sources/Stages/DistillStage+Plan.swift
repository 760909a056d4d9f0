import Datasets
import Detection
import Distillation
import Foundation
import Images
import Networks
import Student
import Support
import Teacher
import Tensors

extension DistillStage {
  /// What training would take; small steps on noise are made to find out, and nothing is written.
  public func plan() throws -> TrainingPlan {
    try checkChoices()
    let images = try AnnotatedImages(
      run.configuration.data.train, of: run, labels: run.configuration.student.labels)
    let base = try TeacherStage(run, report: report)
      .embeddings(of: images.words(for: images.split.base)).embeddings
    let (choices, method) = (run.configuration.distillation, run.configuration.student.method)
    let (training, network) = (choices.training, run.configuration.student.network)
    let student = Student(
      backbone: try network.detector.backboneNetwork(from: NewTensors(seed: 1)),
      configuration: network.detector, method: method, baseCategories: base.shape[0],
      embeddingWidth: base.shape[1], seed: 1)
    let count = images.dataset.images.count
    let places = training.epochs * count
    let distilled =
      method.distils ? min(choices.regionsPerImage, run.configuration.proposals.top) : 0
    let size = TrainingSize(
      pixels: training.imagesPerForward * largestInput(images),
      regions: training.imagesPerForward
        * (network.detector.regions.sampledRegions + distilled),
      categories: base.shape[0])
    let state = TrainingPlan.State(student.parameters, averages: training.averageDecay > 0)
    var formula = MemoryProbe(student, training: training, distilledRegions: distilled)
      .formula(for: size)
    // Two batches are made ahead, three floats a pixel.
    formula.perPixel += 2 * 3 * 4
    formula.fixed += Double(state.average)
    let tensors = formula.bytes(size)
    let other = max(0, Self.residentBytes - TensorMemory.held)
    return TrainingPlan(
      method: method, images: count, epochs: training.epochs,
      steps: (places + training.imagesPerStep - 1) / training.imagesPerStep,
      imagesPerStep: training.imagesPerStep, imagesPerForward: training.imagesPerForward,
      pixels: size.pixels, regions: size.regions, categories: size.categories, state: state,
      formula: formula, tensorBytes: tensors, otherBytes: other, peakBytes: tensors + other,
      detection: detection(by: student))
  }

  /// Pixels of the largest padded image that a batch may hold as high and as wide as any.
  private func largestInput(_ images: AnnotatedImages) -> Int {
    let training = run.configuration.distillation.training
    guard training.jitter == .none else {
      let side = DetectorInput.padded(training.outputSide)
      return side * side
    }
    let longest = Double(training.longSides.max()!)
    let sizes = images.dataset.images.map { image in
      let scale = longest / Double(max(image.width, image.height))
      func side(_ pixels: Int) -> Int {
        DetectorInput.padded(max(1, Int((Double(pixels) * scale).rounded())))
      }
      return (width: side(image.width), height: side(image.height))
    }
    if training.imagesPerForward == 1 { return sizes.map { $0.width * $0.height }.max() ?? 0 }
    return (sizes.map(\.width).max() ?? 0) * (sizes.map(\.height).max() ?? 0)
  }

  private func detection(by student: Student) -> TrainingPlan.Detection {
    let choices = run.configuration.detection
    let (side, folded) = (choices.longSide, student.folded())
    var generator = SeededGenerator(seed: 1)
    let image = Image(
      width: side, height: side,
      pixels: (0..<3 * side * side).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    var before = TensorMemory.current
    TensorMemory.resetPeak()
    let input = DetectorInput(
      image, longSide: side, mean: student.pixels.mean,
      standardDeviation: student.pixels.standardDeviation)
    let found = folded.detect(input, limit: choices.proposals)
    let bytes = TensorMemory.peak - before
    let scores = [1000, 20_000].map { categories in
      let names = Tensor(zeros: [categories, student.embeddingWidth])
      before = TensorMemory.current
      TensorMemory.resetPeak()
      let scores = folded.scores(found, names: names)
      _ = PostProcessing(limit: choices.limit).detections(
        boxes: found.boxes, tiles: scores.tiles
      ) { scores($0) }
      return TrainingPlan.Detection.Scores(
        categories: categories, bytes: TensorMemory.peak - before)
    }
    return TrainingPlan.Detection(
      longSide: side, proposals: choices.proposals, bytes: bytes,
      bytesPerName: student.embeddingWidth * MemoryLayout<Float>.stride, scores: scores)
  }

  /// Of this process.
  private static var residentBytes: Int {
    let words =
      (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
      .split(separator: " ") ?? []
    return words.count > 1 ? (Int(words[1]) ?? 0) * Int(getpagesize()) : 0
  }
}

extension TrainingPlan.State {
  fileprivate init(_ all: [Parameter], averages: Bool) {
    func bytes(_ parameters: [Parameter]) -> Int {
      parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride
    }
    let trained = bytes(all.filter(\.isTrained))
    self.init(
      parameters: bytes(all) / MemoryLayout<Float>.stride, weights: bytes(all), gradients: trained,
      velocities: trained, average: averages ? bytes(all) : 0)
  }
}
