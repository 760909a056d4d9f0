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

  init(
    _ prediction: ProposalNetwork.Prediction, image: Int, _ example: AugmentedExample,
    of student: Student, using generator: inout SeededGenerator
  ) {
    let (first, head) = (student.configuration.proposals, student.configuration.regions)
    let proposed = student.proposals.propose(
      prediction, image: image, width: example.input.width, height: example.input.height,
      candidates: first.trainingCandidates, nmsThreshold: first.nmsThreshold,
      limit: first.trainingKept)
    let candidates = proposed.boxes + example.objects.filter { $0.width >= 1 && $0.height >= 1 }
    let rule = MatchRule(
      foreground: head.foregroundOverlap, background: head.foregroundOverlap,
      allowsLowQuality: false)
    let matches = match(candidates, to: example.objects, crowds: example.crowds, rule: rule)
    let sample = sampleBalanced(
      matches, count: head.sampledRegions, foregroundShare: head.foregroundShare,
      using: &generator)
    elements = (sample.foreground + sample.background).map { row in
      let label =
        if case .foreground(let object) = matches[row] { 1 + example.categories[object] } else { 0 }
      return Element(box: candidates[row], match: matches[row], label: label)
    }
    foreground = sample.foreground.count
  }

  /// In order.
  var boxes: [Box] { elements.map(\.box) }
}
