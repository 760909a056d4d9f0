import Regions
import Student
import Support

/// The regions of one image that the second stage learns from: proposals and the objects
/// themselves, sampled so that at most the configured share is foreground. No gradient flows into
/// the proposals.
struct RegionSample {
  /// Foreground first.
  let regions: [Box]
  let matches: [Match]
  /// How many are foreground.
  let foreground: Int
  /// 0 is background, 1 + i base category i.
  let labels: [Int]

  init(
    _ prediction: ProposalNetwork.Prediction, image: Int, _ example: AugmentedExample,
    of student: Student, using generator: inout SeededGenerator
  ) {
    let (first, head) = (student.configuration.proposals, student.configuration.regions)
    let (proposed, _) = student.proposals.propose(
      prediction, image: image, width: example.input.width, height: example.input.height,
      candidates: first.trainingCandidates, nmsThreshold: first.nmsThreshold,
      limit: first.trainingKept)
    let candidates = proposed + example.objects.filter { $0.width >= 1 && $0.height >= 1 }
    let rule = MatchRule(
      foreground: head.foregroundOverlap, background: head.foregroundOverlap,
      allowsLowQuality: false)
    let matches = match(candidates, to: example.objects, crowds: example.crowds, rule: rule)
    let sample = sampleBalanced(
      matches, count: head.sampledRegions, foregroundShare: head.foregroundShare,
      using: &generator)
    let rows = sample.foreground + sample.background
    regions = rows.map { candidates[$0] }
    self.matches = rows.map { matches[$0] }
    foreground = sample.foreground.count
    labels = rows.map { row in
      if case .foreground(let object) = matches[row] { 1 + example.categories[object] } else { 0 }
    }
  }
}
