import Regions
import Student
import Support

/// The regions of one image that the second stage learns from: proposals and the objects
/// themselves, sampled so that at most the configured share is foreground. No gradient flows into
/// the proposals.
struct RegionSample {
  /// One region and what it is to be trained as.
  struct Element {
    let box: Box
    let match: Match
    /// 0 is background, 1 + i base category i.
    let label: Int
  }

  /// Foreground first.
  let elements: [Element]
  /// How many are foreground.
  let foreground: Int

  /// Of each image, in order.
  static func all(
    _ prediction: ProposalNetwork.Prediction, _ examples: [AugmentedExample], of student: Student,
    using generator: inout SeededGenerator
  ) -> [RegionSample] {
    let candidates = Parallel.map(examples.indices) { image in
      Candidates(prediction, image: image, examples[image], of: student)
    }
    return zip(candidates, examples).map { candidates, example in
      RegionSample(candidates, example, student.configuration.regions, using: &generator)
    }
  }

  private init(
    _ candidates: Candidates, _ example: AugmentedExample, _ head: RegionHeadConfiguration,
    using generator: inout SeededGenerator
  ) {
    let sample = sampleBalanced(
      candidates.matches, count: head.sampledRegions, foregroundShare: head.foregroundShare,
      using: &generator)
    elements = (sample.foreground + sample.background).map { row in
      let match = candidates.matches[row]
      let label =
        if case .foreground(let object) = match { 1 + example.categories[object] } else { 0 }
      return Element(box: candidates.boxes[row], match: match, label: label)
    }
    foreground = sample.foreground.count
  }

  /// In order.
  var boxes: [Box] { elements.map(\.box) }
}

/// What the regions of an image are sampled from.
private struct Candidates {
  let boxes: [Box]
  let matches: [Match]

  init(
    _ prediction: ProposalNetwork.Prediction, image: Int, _ example: AugmentedExample,
    of student: Student
  ) {
    let (first, head) = (student.configuration.proposals, student.configuration.regions)
    let proposed = student.proposals.propose(
      prediction, image: image, width: example.input.width, height: example.input.height,
      candidates: first.trainingCandidates, nmsThreshold: first.nmsThreshold,
      limit: first.trainingKept)
    boxes = proposed.boxes + example.objects.filter { $0.width >= 1 && $0.height >= 1 }
    let rule = MatchRule(
      foreground: head.foregroundOverlap, background: head.foregroundOverlap,
      allowsLowQuality: false)
    matches = match(boxes, to: example.objects, crowds: example.crowds, rule: rule)
  }
}
