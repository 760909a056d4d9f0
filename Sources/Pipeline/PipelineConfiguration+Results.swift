import Distillation

extension PipelineConfiguration {
  /// The same with the defaults for choices on which no result depends: when something is written
  /// down or looked at, and how work is cut into pieces.
  package var ofResults: PipelineConfiguration {
    let (training, regions) = (TrainingConfiguration(), RegionConfiguration())
    var copy = self
    copy.proposals.training.checkpointSteps = training.checkpointSteps
    copy.proposals.training.evaluateEverySteps = training.evaluateEverySteps
    copy.distillation.training.checkpointSteps = training.checkpointSteps
    copy.distillation.training.evaluateEverySteps = training.evaluateEverySteps
    copy.regions.imagesPerShard = regions.imagesPerShard
    copy.regions.failuresAllowed = regions.failuresAllowed
    return copy
  }
}
