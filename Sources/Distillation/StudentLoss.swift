public import Regions
public import Student
public import Support
public import Tensors

/// The losses of the whole student over a step's images (sections 3.2 to 3.4 of the paper); what a
/// method does not learn is nil.
public struct StudentLosses {
  public let objectness: Variable
  public let proposalBoxes: Variable
  /// Cross-entropy over background and the base categories, mean over sampled regions.
  public let text: Variable?
  public let boxes: Variable
  /// Cross-entropy of the masks' cells, mean over the foreground regions that have a mask.
  public let masks: Variable?
  /// ViLD-image: |student - teacher| summed over the embedding, mean over the distilled regions,
  /// not yet weighted.
  public let image: Variable?

  /// The sum that is minimised: w times ViLD-image, plus the others.
  public func total(distillationWeight w: Float) -> Variable {
    let others = [text, masks, image.map { scale($0, by: w) }].compactMap { $0 }
    return ([proposalBoxes, boxes] + others).reduce(objectness) { add($0, $1) }
  }

  /// Names and values, for the log.
  public var values: [(String, Double)] {
    let parts: [(String, Variable?)] = [
      ("objectness", objectness), ("proposal_boxes", proposalBoxes), ("text", text),
      ("boxes", boxes), ("masks", masks), ("image", image),
    ]
    return parts.compactMap { name, loss in loss.map { (name, Double($0.value.scalar)) } }
  }
}

/// How much of each cell of a region is the object: side x side numbers in 0...1, row by row; nil
/// for an object without a mask.
///
/// - Parameters:
///   - image: its place among the examples.
///   - object: its place among the image's objects.
///   - region: in pixels of the network's input.
///   - side: cells along each side, side x side in all.
public typealias MaskTarget = (_ image: Int, _ object: Int, _ region: Box, _ side: Int) -> [Float]?

extension Student {
  /// Runs a step's images through both stages, as one batch.
  ///
  /// - Parameters:
  ///   - examples: at least one; padded to one size. What they have to distil comes with the teacher's
  ///     embeddings, as wide as the student's.
  ///   - baseEmbeddings: [C, D] unit rows, the text embeddings of the base categories.
  ///   - maskTarget: nil when there are no masks to learn from.
  ///   - generator: draws the samples.
  public func losses(
    _ examples: [AugmentedExample], baseEmbeddings: Tensor, maskTarget: MaskTarget? = nil,
    tape: Tape, using generator: inout SeededGenerator
  ) -> StudentLosses {
    let features = proposals.features(tape.constant(DetectorInput.batch(examples.map(\.input))))
    let prediction = proposals.predict(features)
    let (objectness, proposalBoxes) = proposalLosses(
      prediction, objects: examples.map(\.objects), crowds: examples.map(\.crowds),
      configuration: configuration.proposals, using: &generator)

    let samples = RegionSample.all(prediction, examples, of: self, using: &generator)
    let distilled = examples.map(\.distilled)
    let output = train(
      features, sampled: samples.map(\.boxes), distilled: distilled.map(\.regions.boxes),
      names: baseEmbeddings)
    return StudentLosses(
      objectness: objectness, proposalBoxes: proposalBoxes,
      text: output.logits.map {
        crossEntropy($0, labels: samples.flatMap { $0.elements.map(\.label) })
      },
      boxes: boxLoss(output.deltas, samples, examples),
      masks: maskTarget.flatMap { maskLoss(features, samples, $0, using: &generator) },
      image: imageLoss(output.embeddings, distilled))
  }

  private func boxLoss(
    _ deltas: Variable, _ samples: [RegionSample], _ examples: [AugmentedExample]
  ) -> Variable {
    let head = configuration.regions
    var targets = BoxTargets(coder: .boxHead)
    var rows: [Int] = []
    var start = 0
    for (sample, example) in zip(samples, examples) {
      for (row, region) in sample.elements.prefix(sample.foreground).enumerated() {
        rows.append(start + row)
        targets.add(region.match, of: region.box, among: example.objects)
      }
      start += sample.elements.count
    }
    return targets.loss(
      gatherRows(deltas, rows), delta: head.boxLossDelta,
      room: head.foregroundShare * Double(head.sampledRegions * examples.count),
      weight: head.boxLossWeight)
  }

  /// Nil where nothing is distilled.
  ///
  /// - Parameter embeddings: [R, D], the student's of the distilled regions, image after image.
  private func imageLoss(_ embeddings: Variable?, _ distilled: [EmbeddedRegions]) -> Variable? {
    guard let embeddings, embeddings.shape[0] > 0 else { return nil }
    return l1Loss(
      embeddings, target: Tensor(embeddingsOf: distilled, width: embeddings.shape[1]))
  }

  /// Nil for a student without masks; zero where no region has a target.
  private func maskLoss(
    _ features: [Variable], _ samples: [RegionSample], _ target: MaskTarget,
    using generator: inout SeededGenerator
  ) -> Variable? {
    let head = configuration.masks
    guard head.enabled else { return nil }
    var targets: [Float] = []
    let regions = samples.enumerated().map { image, sample in
      var rows = Array(0..<sample.foreground)
      if rows.count > head.sampledRegions {
        rows = rows.shuffled(using: &generator).prefix(head.sampledRegions).sorted()
      }
      return rows.compactMap { row -> Box? in
        let region = sample.elements[row]
        guard case .foreground(let object) = region.match,
          let cells = target(image, object, region.box, head.side)
        else { return nil }
        precondition(cells.count == head.side * head.side, "\(cells.count) cells of a mask")
        targets += cells
        return region.box
      }
    }
    let shape = [regions.reduce(0) { $0 + $1.count }, head.side, head.side]
    return maskLogits(features, regions: regions).map { logits in
      scale(
        binaryCrossEntropyWithLogits(
          logits, targets: Tensor(shape, targets), normaliser: Float(max(1, targets.count))),
        by: head.lossWeight)
    }
  }
}
