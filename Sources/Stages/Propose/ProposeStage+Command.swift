import Evaluation
import Foundation
import Ranks
import Support

extension ProposeStage {
  /// Makes the proposals unless they are there, and prints their recall.
  ///
  /// - Throws: what making them throws, a signal's `Stopped` among it.
  public static func execute(_ chain: Chain) throws {
    let (run, report) = (chain.run, chain.report)
    let errand = Errand(run, name)
    if let known = try run.ranks.leaderDecides({ errand.receipt?.results["folder"] }),
      let finished = StageFolder(finishedAt: "\(run.root)/\(known)")
    {
      report.say(name, "up to date: \(finished.path)")
      return try write(recalls(in: finished))
    }
    let (propose, ranks) = (try chain.propose(), run.ranks)
    let folder = propose.folder
    let isFresh = try ranks.leaderDecides { folder.isUpToDate }
    if !isFresh, !ranks.isAlone {
      try propose.network?.ensure()
      try ranks.part()
      guard ranks.isLeader else { return }
    }
    let output = try chain.proposals()
    if isFresh { report.say(name, "up to date: \(folder.path)") }
    errand.finish(saying: ["folder": PathText.below(run.root, folder.path)])
    try write(output.recalls)
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
