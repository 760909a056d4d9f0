import Datasets
import Detection
import Evaluation
import Foundation
import Pipeline
import Regions
import Support
import Teacher
import Tensors

extension EvaluateStage {
  /// What evaluating on the validation images would take, by doing it on some of them; with a
  /// student of the same sizes where the pipeline's is not trained yet. To be asked for once in a
  /// process: the memory is the process's.
  ///
  /// - Parameter detector: is asked for once names are known to be usable.
  func plan(detector: () throws -> PipelineDetector.Planned) throws -> StagePlan {
    let count = images.dataset.images.count
    let names = try embeddedNames()
    let planned = try detector()
    let folder = try planned.inputs.map { inputs throws(InputError) in
      try self.folder(names: names.categories, detector: inputs)
    }
    var plan = StagePlan(.evaluate, folder: folder?.path, images: count)
    if let folder {
      if folder.isFinished { return plan.finished }
      // After the header a line an image.
      let lines = try? Files.read(folder.file("detections.jsonl")).count { $0 == 0x0A }
      plan.imagesDone = min(count, max(0, (lines ?? 0) - 1))
      if plan.imagesDone > 0 { plan.state = .begun }
    }
    guard count > 0 else {
      throw InputError(.badData, "there are no images to evaluate on", at: images.annotationFile)
    }
    let sample = try DetectionSample.measure(validation(names), planned.load())
    plan.add(sample.time(images: count - plan.imagesDone), cores: sample.images.cores)
    plan.peakBytes = sample.peakBytes(images: count)
    plan.diskBytes = Int(Double(count - plan.imagesDone) * sample.bytesPerImage)
    plan.sample =
      "\(sample.images.images.counted("image")), by "
      + (planned.isTrained ? "the student" : "a student that is not trained")
    return plan
  }
}
