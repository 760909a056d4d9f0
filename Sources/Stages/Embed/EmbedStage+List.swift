import Cache
import Images
import Regions
import Support
import Teacher

extension EmbedStage {
  /// Prints what is to be embedded, for a program elsewhere that does it: a line about the recipe, then one
  /// an image with its crops. `schemas/vectors.md` describes them. Embeds nothing.
  ///
  /// - Parameters:
  ///   - retries: whether images that failed before and can be read now are among them.
  ///   - all: whether images are listed that the cache has.
  public static func list(_ chain: Chain, retries: Bool, all: Bool) throws {
    let stage = try chain.embed(retries ? .retry : .leave)
    try stage.list(chain.proposals, all: all)
  }

  private func list(_ proposals: () throws -> ProposeStage.Output, all: Bool) throws {
    let (task, embedder) = try prepare(proposals)
    let left = all ? nil : try EmbeddingChanges(task, failed: failed).cache.left
    let images = task.proposals.images.filter { left?.contains($0.id) ?? true }
    let list = EmbeddingList(task, rule: embedder.rule)
    try StandardOutput.print(list.head(of: images, for: embedder))

    let progress = StageProgress(
      stage: Self.name, unit: "images listed", total: images.count, on: report)
    var iterator = images.makeIterator()
    var unreadable: [ImageError] = []
    let line = WorkLine<Proposals, EmbeddingList.Line, any Error> { list.line($0) }
    try line.run(next: { try iterator.next().map { try task.proposals.read($0.id) } }) { line in
      if let error = line.error { unreadable.append(error) }
      try StandardOutput.print(line.text)
      progress.advance(failures: line.error == nil ? 0 : 1)
    }
    progress.finish()
    let regions = images.regions
    var said =
      "\(images.count.counted("image")) to embed elsewhere, \(regions.counted("region")), "
      + (regions * embedder.rule.factors.count).counted("crop")
    if let first = unreadable.first {
      said += "; \(unreadable.count) cannot be read and are left to 'vild embed': \(first)"
    }
    report.say(Self.name, said)
  }
}
