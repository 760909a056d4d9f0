extension PipelineConfiguration {
  /// The files that it names, as it calls them, but for images and the teacher's.
  package var files: [String] {
    let parts = [data.train, data.val].flatMap { [$0.annotations, $0.imagesList] }
    let others = [
      data.split == DataConfiguration.lvisFrequency ? nil : data.split, teacher.prompts.file,
      proposals.file, proposals.valFile, proposalNetwork.backboneWeights,
      student.network.backboneWeights,
    ]
    return (parts + others).compactMap(\.self)
  }
}
