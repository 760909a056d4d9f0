import Cache
import Datasets
import Detection
import Distillation
import Foundation
import Images
import Labelling
import Networks
import Pipeline
import Regions
import Student
import Support
import Teacher
import Tensors
import Training

extension DistillStage {
  /// What training would take: some steps on real images are made to find out, in a folder that is
  /// removed, with regions that are made up. To be asked for once in a process: the memory is the
  /// process's.
  ///
  /// - Parameters: as `planned`.
  func plan(
    cache: () throws -> EmbedStage.Planned?,
    network: () throws(InputError) -> ProposalNetworkStage?
  ) throws -> TrainingPlan {
    // The teacher is gone before anything is measured.
    let names = try teacher.embeddings(of: images.words(for: images.split.base))
    // It takes as much memory as the stage itself will before training: the teacher's.
    let folder = try plannedFolder(base: names.categories, cache: cache, network: network)
    let (training, base) = (run.configuration.distillation.training, names.embeddings)
    let method = run.configuration.student.method
    let count = images.dataset.images.count
    let steps =
      method.distils
      ? TrainingSource(places: training.epochs * count) { _ in .init(id: 0, record: nil) }
        .steps(training)
      : try source(cache: nil).steps(training)
    let isFinished = folder?.isFinished ?? false
    let checkpoint = folder.map { $0.file("checkpoint.safetensors") } ?? ""
    let done =
      isFinished
      ? steps
      : Files.exists(checkpoint)
        ? min(steps, try Checkpoint(path: checkpoint, kind: Self.kind).step) : 0
    let student = try newStudent(width: base.shape[1])
    try former()?.restore(student)
    let found = try measure(student, steps: steps, done: done, base: base)
    let size = size(of: student, base: base)
    let formula = formula(for: size, student)
    return TrainingPlan(
      method: method, images: count, epochs: training.epochs, steps: steps,
      imagesPerStep: training.imagesPerStep, imagesPerForward: training.imagesPerForward,
      folder: folder?.path, isFinished: isFinished, stepsDone: done, pixels: size.pixels,
      regions: size.regions, categories: size.categories,
      state: .init(student.parameters, training), formula: formula,
      formulaBytes: formula.bytes(size), time: found.time, tensorBytes: found.tensors,
      recordBytes: found.records, otherBytes: found.other,
      peakBytes: found.tensors + found.records + found.other, diskBytes: found.disk,
      detection: detection(by: student))
  }

  /// Some steps of the run.
  private func measure(
    _ student: Student, steps: Int, done: Int, base: Tensor
  ) throws -> (time: TrainingPlan.Time, tensors: Int, records: Int, other: Int, disk: Int) {
    var quiet = self
    quiet.report = .silent
    let training = run.configuration.distillation.training
    let (ids, largest) = try images.sample()
    let records = student.method.distils ? SampleRecords(images, run, width: base.shape[1]) : nil
    let source = TrainingSource(places: steps * training.imagesPerStep) { place in
      let id = ids[place % ids.count]
      return .init(id: id, record: records?.record(of: id))
    }
    let first = (largest + training.imagesPerStep - 1) / training.imagesPerStep + 1
    let sample = try StepSample.measure(skipping: first) { [quiet] path, stopsAfter in
      _ = try quiet.learn(
        student, from: source, base: base, cache: nil,
        in: StageFolder(path, stage: Self.name, inputs: StageInputs()), validation: nil,
        stopsAfter: stopsAfter)
    }
    let left = steps - done
    var seconds = TimeRange(left, at: sample.seconds)
    var cpu = seconds.expected * sample.cores
    if let validation = try validation(), !validation.images.dataset.images.isEmpty {
      let every = training.evaluateEverySteps
      let evaluations = (steps + every - 1) / every - done / every
      let found = try DetectionSample.measure(
        validation,
        StudentDetector(
          student: student.folded(), longSide: validation.choices.longSide,
          proposals: validation.choices.proposals))
      let time = found.time(images: evaluations * validation.images.dataset.images.count)
      seconds = seconds + time
      cpu += time.expected * found.images.cores
    }
    let weights = student.parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride
    return (
      time: .init(
        seconds: seconds, cpuSeconds: cpu, sampledSteps: sample.seconds.count,
        secondsPerStep: sample.seconds.reduce(0, +) / Double(sample.seconds.count)),
      tensors: sample.tensorBytes,
      // Regions that are made up are not read ahead.
      records: records == nil ? 0 : recordBytes(width: base.shape[1]),
      other: max(0, ProcessUsage.now.peakBytes - sample.tensorBytes),
      // The checkpoint is there until the student is.
      disk: sample.checkpointBytes + weights + Int(sample.logBytesPerStep * Double(left))
    )
  }

  /// What reading the cache keeps: no more than all of its records, and the blocks they come from.
  private func recordBytes(width: Int) -> Int {
    let regions = images.dataset.images.count * run.configuration.proposals.top
    // A vector, a box and a score each.
    return min(
      TrainingSource<DueImage>.cacheBytes, 2 * regions * (width + 5) * MemoryLayout<Float>.stride)
  }

  /// What the tensors of a step depend on, at most.
  private func size(of student: Student, base: Tensor) -> TrainingSize {
    let choices = run.configuration.distillation
    let distilled =
      student.method.distils ? min(choices.regionsPerImage, run.configuration.proposals.top) : 0
    let forward = choices.training.imagesPerForward
    return TrainingSize(
      pixels: forward * largestInput,
      regions: forward * (student.configuration.regions.sampledRegions + distilled),
      categories: base.shape[0])
  }

  private func formula(for size: TrainingSize, _ student: Student) -> MemoryFormula {
    let training = run.configuration.distillation.training
    let distilled =
      size.regions / training.imagesPerForward - student.configuration.regions.sampledRegions
    var formula = MemoryProbe(student, training: training, distilledRegions: distilled)
      .formula(for: size)
    // Examples are made ahead, three floats per pixel.
    formula.perPixel +=
      Double(TrainingLoop.examplesAhead(perForward: training.imagesPerForward))
      / Double(training.imagesPerForward) * 3 * 4
    if training.averageDecay > 0 {
      formula.fixed += Double(
        student.parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride)
    }
    return formula
  }

  /// Pixels of the largest padded image that a batch may hold as high and as wide as any.
  private var largestInput: Int {
    let training = run.configuration.distillation.training
    guard training.jitter == .none else {
      let side = DetectorInput.padded(training.outputSide)
      return side * side
    }
    let longest = Double(training.longSides.max()!)
    // One that is damaged has no size, and is left out of training.
    let sizes = images.dataset.images.filter(\.hasSize).map { image in
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
      let asked = AskedCategories(
        names: (0..<categories).map(String.init),
        embeddings: Tensor(zeros: [categories, student.embeddingWidth]))
      before = TensorMemory.current
      TensorMemory.resetPeak()
      let scores = folded.regions.scores(found.description, for: asked)
      _ = PostProcessing(limit: choices.limit).detections(
        boxes: found.regions.boxes, tiles: scores.tiles
      ) { scores($0) }
      return TrainingPlan.Detection.Scores(
        categories: categories, bytes: TensorMemory.peak - before)
    }
    return TrainingPlan.Detection(
      longSide: side, proposals: choices.proposals, bytes: bytes,
      bytesPerName: student.embeddingWidth * MemoryLayout<Float>.stride, scores: scores)
  }
}

extension TrainingPlan.State {
  fileprivate init(_ all: [Parameter], _ training: TrainingConfiguration) {
    func bytes(_ parameters: [Parameter]) -> Int {
      parameters.reduce(0) { $0 + $1.value.count } * MemoryLayout<Float>.stride
    }
    let trained = bytes(all.filter(\.isTrained))
    self.init(
      parameters: bytes(all) / MemoryLayout<Float>.stride, weights: bytes(all), gradients: trained,
      // AdamW has the mean of the squares beside that of the gradients.
      velocities: training.optimizer == .adamw ? 2 * trained : trained,
      average: training.averageDecay > 0 ? bytes(all) : 0)
  }
}
