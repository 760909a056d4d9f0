internal import Glibc
public import Support

/// The cache of teacher embeddings, opened for writing: a queue of units of images, each of which
/// becomes one shard.
///
/// ```swift
/// let cache = try TeacherCache.open(folder: root, recipe: recipe, imageIDs: ids)
/// while let unit = try cache.nextUnit() {
///   try cache.publish(unit, records: unit.imageIDs.map(embed))
/// }
/// try cache.close()
/// ```
///
/// Several processes on one host may work on a cache. Killed at any moment, it loses the units in
/// work and nothing else. Safe to use from several threads.
public final class TeacherCache: Sendable {
  /// Where it lives.
  public let folder: CacheFolder
  let catalogue: Catalogue
  let owner: Owner
  let run: Int64
  /// Who holds the leases of this process.
  package var ownerName: String { owner.name }
  private let leaseSeconds: Double

  /// Opens the cache of `recipe` under `folder`, creating it where it is not there; cleans up
  /// after writers that died and adopts whole shards they left behind.
  ///
  /// - Parameters:
  ///   - imageIDs: the images the cache is to hold, all different; those it does not know yet are
  ///     queued. A cache only grows.
  ///   - unitSize: images a unit, at least 1; about 15 minutes of work at most.
  ///   - leaseSeconds: how long a unit may take before others may take it over.
  ///   - arguments: the command line, noted in the catalogue.
  /// - Throws: `InputError`: another recipe or damaged files (`badData`), a full disk or a busy
  ///   catalogue (`tryAgain`), a place that cannot be written to (`cannotCreate`).
  public static func open(
    folder: String, recipe: Recipe, imageIDs: [Int], unitSize: Int = 128,
    leaseSeconds: Double = 1800, arguments: [String] = CommandLine.arguments
  ) throws(InputError) -> TeacherCache {
    try TeacherCache(
      CacheFolder(root: folder, recipe: recipe), imageIDs: imageIDs, unitSize: unitSize,
      leaseSeconds: leaseSeconds, arguments: arguments)
  }

  private init(
    _ folder: CacheFolder, imageIDs: [Int], unitSize: Int, leaseSeconds: Double,
    arguments: [String]
  ) throws(InputError) {
    var seen = Set<Int>()
    if let double = imageIDs.first(where: { !seen.insert($0).inserted }) {
      throw InputError(.badData, "image id \(double) occurs twice", at: folder.path)
    }
    self.folder = folder
    self.leaseSeconds = leaseSeconds
    owner = .current
    try folder.create()
    catalogue = try Catalogue(writing: folder.catalogue, recipe: folder.recipe)
    run = try catalogue.beginRun(owner: owner, arguments: arguments)
    try folder.removeAbandonedParts()
    try Self.adoptOrphans(of: folder, into: catalogue)
    try catalogue.enqueue(imageIDs, size: unitSize)
  }

  /// Leases the next unit; nil when none is to be had, because all are done or in others' hands.
  public func nextUnit() throws(InputError) -> WorkUnit? {
    try catalogue.lease(to: owner, seconds: leaseSeconds)
  }

  /// Starts the time of a lease anew; for units that take long.
  ///
  /// - Throws: `InputError` (`tryAgain`) where another worker took over.
  public func extend(_ unit: WorkUnit) throws(InputError) {
    try catalogue.extend(unit, owner: owner, seconds: leaseSeconds)
  }

  /// Gives a unit back unfinished, so that anybody may lease it at once.
  public func release(_ unit: WorkUnit) throws(InputError) {
    try catalogue.release(unit, owner: owner)
  }

  /// How many images are done, and how they ended.
  public func progress() throws(InputError) -> CacheProgress { try catalogue.progress() }

  /// Whether every image has its row.
  public func isComplete() throws(InputError) -> Bool { try progress().isComplete }

  /// Notes the end of the run and closes the catalogue; the cache must not be used afterwards.
  ///
  /// - Parameter statistics: finite figures worth keeping, by name.
  public func close(statistics: [String: Double] = [:]) throws(InputError) {
    try catalogue.endRun(run, statistics: statistics)
    try catalogue.close()
  }
}
