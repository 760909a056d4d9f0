import Regions
public import Student
public import Support
public import Tensors

/// The losses of the whole student over one image (sections 3.2 to 3.4 of the paper).
public struct StudentLosses {
  public let objectness: Variable
  public let proposalBoxes: Variable
  /// ViLD-text: cross-entropy over background and the base categories, mean over sampled regions.
  public let text: Variable
  public let boxes: Variable
  /// ViLD-image: |student - teacher| summed over the embedding, mean over the distilled regions,
  /// not yet weighted; nil when nothing is distilled.
  public let image: Variable?

  /// The sum that is minimised: w times ViLD-image, plus the others.
  public func total(distillationWeight w: Float) -> Variable {
    let rest = [objectness, proposalBoxes, text, boxes].reduce(nil as Variable?) { sum, loss in
      sum.map { add($0, loss) } ?? loss
    }!
    return image.map { add(rest, scale($0, by: w)) } ?? rest
  }

  /// Names and values, for the log.
  public var values: [(String, Double)] {
    let parts: [(String, Variable?)] = [
      ("objectness", objectness), ("proposal_boxes", proposalBoxes), ("text", text),
      ("boxes", boxes), ("image", image),
    ]
    return parts.compactMap { name, loss in loss.map { (name, Double($0.value.scalar)) } }
  }
}

extension Student {
  /// Runs one training image through both stages.
  ///
  /// - Parameters:
  ///   - baseEmbeddings: [C, D] unit rows, the text embeddings of the base categories.
  ///   - teacher: [R, D] unit rows, the teacher's embeddings of `example.distilled`, in order.
  public func losses(
    _ example: AugmentedExample, baseEmbeddings: Tensor, teacher: Tensor?, tape: Tape,
    using generator: inout SeededGenerator
  ) -> StudentLosses {
    let features = proposals.features(tape.constant(example.input.pixels))
    let prediction = proposals.predict(features)
    let (objectness, proposalBoxes) = proposalLosses(
      prediction, objects: example.objects, crowds: example.crowds,
      configuration: configuration.proposals, using: &generator)

    let sample = sampleRegions(prediction, example, using: &generator)
    let output = regions(features, sample.regions + example.distilled)
    let sampled = Array(0..<sample.regions.count)
    let logits = text.logits(
      gatherRows(output.embeddings, sampled), categories: baseEmbeddings)
    let textLoss = crossEntropy(logits, labels: sample.labels)
    let boxes = boxLoss(
      output.deltas, rows: sample.foreground, references: sample.regions, matches: sample.matches,
      objects: example.objects, coder: .boxHead, delta: 1,
      room: configuration.regions.foregroundShare * Double(configuration.regions.sampledRegions),
      weight: configuration.regions.boxLossWeight)

    let imageLoss = teacher.map { teacher in
      let rows = Array(sample.regions.count..<sample.regions.count + example.distilled.count)
      return l1Loss(gatherRows(output.embeddings, rows), target: teacher)
    }
    return StudentLosses(
      objectness: objectness, proposalBoxes: proposalBoxes, text: textLoss, boxes: boxes,
      image: example.distilled.isEmpty ? nil : imageLoss)
  }

  /// The regions the second stage learns from: proposals and the objects themselves, sampled so
  /// that at most the configured share is foreground. No gradient flows into the proposals.
  private func sampleRegions(
    _ prediction: ProposalNetwork.Prediction, _ example: AugmentedExample,
    using generator: inout SeededGenerator
  ) -> SampledRegions {
    let head = configuration.regions
    let (proposed, _) = proposals.propose(
      prediction, width: example.input.width, height: example.input.height,
      nmsThreshold: configuration.proposals.nmsThreshold, limit: configuration.proposals.kept)
    let candidates = proposed + example.objects.filter { $0.width >= 1 && $0.height >= 1 }
    let rule = MatchRule(
      foreground: head.foregroundOverlap, background: head.foregroundOverlap,
      allowsLowQuality: false)
    let matches = match(candidates, to: example.objects, crowds: example.crowds, rule: rule)
    let sample = sampleBalanced(
      matches, count: head.sampledRegions, foregroundShare: head.foregroundShare,
      using: &generator)
    let rows = sample.foreground + sample.background
    return SampledRegions(
      regions: rows.map { candidates[$0] }, matches: rows.map { matches[$0] },
      foreground: Array(sample.foreground.indices),
      labels: rows.map { row in
        if case .foreground(let object) = matches[row] { 1 + example.categories[object] } else { 0 }
      })
  }

  private struct SampledRegions {
    let regions: [Box]
    let matches: [Match]
    /// Positions among `regions`.
    let foreground: [Int]
    /// 0 is background, 1 + i base category i.
    let labels: [Int]
  }
}
