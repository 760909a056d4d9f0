import ArgumentParser
import Stages
import Support

extension StoreCommand {
  struct Merge: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Add what another store of the same recipe holds, or what parts put into a pool.",
      discussion: """
        With a second folder, that store is added to the first. With --pipeline, --data and --corpus the \
        folder is the pool of 'vild detect --part', whose shards are compared with their hashes and \
        brought into the run's store; exit code 75 where units are missing, with the parts to be run \
        again.
        """)
    @Argument(help: ArgumentHelp("The store to add to, or a pool.", valueName: "folder"))
    var folder: String
    @Argument(help: ArgumentHelp("The other store, which is only read.", valueName: "other"))
    var other: String?
    @OptionGroup var pooled: PoolOptions
    @Option(help: ArgumentHelp("Of a pool: as 'vild detect' was given it.", valueName: "images"))
    var corpus: String?
    @Option(help: ArgumentHelp("Of a pool: likewise.", valueName: "folder"))
    var images: String?
    @Option(help: ArgumentHelp("Of a pool: likewise.", valueName: "student"))
    var student: String?
    @OptionGroup var output: CacheCommand.Output

    func validate() throws {
      let isPool = other == nil
      guard isPool == (pooled.pipeline != nil), isPool == (pooled.data != nil),
        isPool == (corpus != nil), isPool || pooled.parts == nil && images == nil && student == nil
      else {
        throw ValidationError(
          "either another store, or a pool with --pipeline, --data and --corpus")
      }
    }

    func run(on console: Console) throws {
      if let chain = try pooled.chain(on: console), let corpus {
        let stage = DetectStage(
          chain, corpus: corpus, images: images, classes: nil, drawsPictures: false,
          student: student)
        try pooled.show(
          stage.merge(pool: folder, parts: pooled.parts), asJSON: output.json)
      } else if let other {
        try output.show(CacheStage(folder: folder).merge(other), CacheView.lines)
      }
    }
  }
}
