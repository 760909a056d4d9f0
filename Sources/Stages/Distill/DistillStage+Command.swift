import Foundation
import Ranks
import Support

extension DistillStage {
  /// Trains the student unless it is there.
  ///
  /// - Parameters:
  ///   - from: the file or the folder of a student that training starts from; nil for
  ///     `student.initial_weights`.
  ///   - step: how many steps are done when training stops with a checkpoint, from which the next call
  ///     goes on; nil for all.
  public static func execute(_ chain: Chain, from: String?, until step: Int?) throws {
    let (run, report) = (chain.run, chain.report)
    // Another student's file is looked at each time.
    let errand = from == nil ? Errand(run, name) : nil
    if let known = try run.ranks.leaderDecides({ errand?.receipt?.results["student"] }) {
      return report.say(name, "up to date: \(run.root)/\(known)")
    }
    let student = try chain.distill(from: from).ensure(
      cache: chain.cache, network: chain.network, sayingSo: true, until: step)
    if run.ranks.isLeader, run.workspace.used.stages.contains(PathText.folder(of: student.file)) {
      errand?.finish(saying: ["student": PathText.below(run.root, student.file)])
    }
  }

  /// What training would take.
  public static func plan(_ chain: Chain, from: String? = nil) throws -> TrainingPlan {
    try chain.distill(from: from).plan(cache: chain.plannedCache, network: chain.network)
  }
}
