import Evaluation
import Foundation
import Ranks
import Support

extension ProposeStage {
  /// Makes the proposals unless they are there, and prints their recall.
  ///
  /// - Throws: what making them throws, a signal's `Stopped` among it.
  public static func execute(_ chain: Chain) throws {
    let (run, report, ranks) = (chain.run, chain.report, chain.run.ranks)
    let errand = Errand(run, name)
    let finished = ranks.isLeader ? finished(by: errand, in: run) : nil
    if try ranks.leaderDecides({ finished != nil }) {
      guard let finished else { return }
      report.say(name, "up to date: \(finished.path)")
      return try write(recalls(in: finished))
    }
    let propose = try chain.propose()
    let folder = propose.folder
    let isFresh = try ranks.leaderDecides { folder.isUpToDate }
    if !ranks.isAlone {
      if !isFresh { try propose.network?.ensure() }
      try ranks.part()
      guard ranks.isLeader else { return }
    }
    let output = try chain.proposals()
    if isFresh { report.say(name, "up to date: \(folder.path)") }
    errand.finish(saying: ["folder": PathText.below(run.root, folder.path)])
    try write(output.recalls)
  }

  /// What the command made when it left nothing to do.
  private static func finished(by errand: Errand, in run: Run) -> StageFolder? {
    errand.receipt?.results["folder"].flatMap { StageFolder(finishedAt: "\(run.root)/\($0)") }
  }

  private static func write(_ recalls: [PartRecall]) throws {
    try StandardOutput.write(recalls.map(\.table).joined(separator: "\n"))
  }

  /// What the proposals of a finished stage are worth.
  static func recalls(in folder: StageFolder) throws -> [PartRecall] {
    try JSONDecoder().decode([PartRecall].self, from: folder.read("recall.json"))
  }
}

extension ProposeStage.PartRecall {
  /// As aligned text.
  var table: String {
    "\(images.counted("\(part) image")), \(proposals.counted("proposal"))\n\(recall.table)"
  }
}
