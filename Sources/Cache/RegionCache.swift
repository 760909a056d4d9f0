internal import Glibc
public import Support
internal import Synchronization

/// A cache of regions and their embeddings, a teacher's or a student's, opened for writing: a queue of units of images, each of which
/// becomes one shard.
///
/// ```swift
/// let cache = try RegionCache.open(folder: root, recipe: recipe, imageIDs: ids)
/// while let unit = try cache.nextUnit() {
///   try cache.publish(unit, records: unit.imageIDs.map(embed))
/// }
/// try cache.close()
/// ```
///
/// Several processes on one host may work on a cache. Killed at any moment, it loses the units in
/// work and nothing else. Safe to use from several threads.
public final class RegionCache: Sendable {
  /// Where it lives.
  public let folder: CacheFolder
  let catalogue: Catalogue
  let owner: Owner
  let run: Int
  /// Who holds the leases of this process.
  package var ownerName: String { owner.name }
  private let clock: LeaseClock
  private let leaseSeconds: Double
  /// Told when the catalogue has another shard.
  package let hasPublished: @Sendable () throws(InputError) -> Void
  let unitSize: Int
  private let lock: Mutex<CacheLock?>
  /// When the lease of a unit was last renewed, by the unit's number.
  private let renewals = Mutex<[Int: Double]>([:])

  /// Opens the cache of `recipe` under `folder`, creating it where it is not there; cleans up
  /// after writers that died and adopts whole shards they left behind.
  ///
  /// - Parameters:
  ///   - imageIDs: the images the cache is to hold, all different; those it does not know yet are
  ///     queued. A cache only grows.
  ///   - unitSize: images a unit, at least 1; about 15 minutes of work at most.
  ///   - leaseSeconds: how long a worker may be silent (`keep`) before others, who have watched it for
  ///     as long, may take its unit over; a day at most. A worker whose process has ended is not
  ///     waited for.
  ///   - arguments: the command line, noted in the catalogue.
  ///   - hasPublished: called after each shard that this process has published.
  /// - Throws: `InputError`: another recipe or damaged files (`badData`), a full disk, a busy
  ///   catalogue or a cache that is being mended (`tryAgain`), a place that cannot be written to
  ///   or is on a network file system (`cannotCreate`).
  package static func open(
    folder: String, recipe: some CacheRecipe, imageIDs: [Int], unitSize: Int = 128,
    leaseSeconds: Double = 1800, arguments: [String] = CommandLine.arguments,
    hasPublished: @escaping @Sendable () throws(InputError) -> Void = {}
  ) throws(InputError) -> RegionCache {
    try RegionCache(
      CacheFolder(root: folder, recipe: recipe), imageIDs: imageIDs, unitSize: unitSize,
      leaseSeconds: leaseSeconds, arguments: arguments, clock: .system, busySeconds: 60,
      hasPublished: hasPublished)
  }

  /// The same, with the clock and the patience of a test.
  package static func open(
    _ folder: CacheFolder, imageIDs: [Int], unitSize: Int = 128, leaseSeconds: Double = 1800,
    arguments: [String] = [], clock: LeaseClock = .system, busySeconds: Double = 60
  ) throws(InputError) -> RegionCache {
    try RegionCache(
      folder, imageIDs: imageIDs, unitSize: unitSize, leaseSeconds: leaseSeconds,
      arguments: arguments, clock: clock, busySeconds: busySeconds, hasPublished: {})
  }

  private init(
    _ folder: CacheFolder, imageIDs: [Int], unitSize: Int, leaseSeconds: Double,
    arguments: [String], clock: LeaseClock, busySeconds: Double,
    hasPublished: @escaping @Sendable () throws(InputError) -> Void
  ) throws(InputError) {
    var seen = Set<Int>()
    if let double = imageIDs.first(where: { !seen.insert($0).inserted }) {
      throw InputError(.badData, "image id \(double) occurs twice", at: folder.path)
    }
    self.folder = folder
    self.leaseSeconds = leaseSeconds
    self.unitSize = unitSize
    self.clock = clock
    self.hasPublished = hasPublished
    owner = .current(on: clock)
    try folder.create()
    lock = Mutex(try CacheLock(folder, for: .working))
    catalogue = try Catalogue(
      writing: folder.catalogue, recipe: folder.recipe, clock: clock, busySeconds: busySeconds)
    run = try catalogue.beginRun(owner: owner, arguments: arguments)
    for part in try folder.abandonedParts(on: clock) { unlink(part) }
    try Self.adoptOrphans(of: folder, into: catalogue)
    try catalogue.enqueue(imageIDs, size: unitSize)
  }

  /// Leases the next unit; nil when none is to be had, because all are done or in others' hands.
  ///
  /// An image that ended the process that had begun it, twice in a row and each time alone, gets its row
  /// (`crashed`) here and is not handed out again.
  ///
  /// - Parameter units: which units may be leased; nil for any.
  public func nextUnit(among units: Set<Int>? = nil) throws(InputError) -> WorkUnit? {
    while let unit = try catalogue.lease(to: owner, seconds: leaseSeconds, among: units) {
      renewals.withLock { $0[unit.id] = clock.now() }
      guard unit.isHopeless else { return unit }
      let reason = "whoever embedded it alone died or hung, \(WorkUnit.tries) times in a row"
      try publish(
        unit,
        records: unit.imageIDs.map { CacheRecord(imageID: $0, failed: .crashed, error: reason) })
    }
    return nil
  }

  /// Says that embedding an image of a unit begins; to be called before each. From then on the end of
  /// the process counts against the image, where it is suspected and so the only one in work. Costs
  /// nothing otherwise.
  ///
  /// - Throws: `InputError` (`tryAgain`) where another worker took over (`isLoss`).
  public func begin(_ unit: WorkUnit) throws(InputError) {
    if unit.isAlone { try catalogue.begin(unit, owner: owner) }
  }

  /// Says that the work on a unit goes on; to be called between images. Costs nothing but every
  /// quarter of a lease, when it is renewed.
  ///
  /// - Throws: `InputError` (`tryAgain`) where another worker took over (`isLoss`).
  public func keep(_ unit: WorkUnit) throws(InputError) {
    let renewed = renewals.withLock { $0[unit.id] }
    if let renewed, clock.now() - renewed < leaseSeconds / 4 { return }
    try extend(unit)
  }

  /// Gives a sign of life.
  ///
  /// - Throws: `InputError` (`tryAgain`) where another worker took over.
  public func extend(_ unit: WorkUnit) throws(InputError) {
    try catalogue.extend(unit, owner: owner)
    renewals.withLock { $0[unit.id] = clock.now() }
  }

  /// Whether `error` says that another worker took `unit` over: no failure, its images are in good
  /// hands.
  public func isLoss(_ error: any Error, of unit: WorkUnit) -> Bool {
    error as? InputError == catalogue.lost(unit)
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
    if try isComplete() { try catalogue.writeSummary() }
    try catalogue.endRun(run, statistics: statistics)
    try catalogue.close()
    lock.withLock { $0 = nil }
  }
}
