public import Cache
import Foundation
public import Support

/// Which part of the work of a stage this process does, into which pool, and who said so.
public struct PartOfWork: Sendable {
  let part: WorkPart
  /// The pool's folder, for all recipes; nil in a worker, whose parent has it.
  let pool: String?
  /// As in "SLURM_ARRAY_TASK_ID 3 of --parts 8".
  private let source: String

  /// Where batch systems say which part a process is; none says how many there are, but for those that
  /// were submitted last.
  public static let indexNames = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]

  /// - Parameters:
  ///   - part: as the user gave it, as in "3/8"; nil where he did not.
  ///   - count: of all parts, where the environment says which.
  ///   - environment: nil for the process's own.
  /// - Returns: nil where this process is to do everything.
  /// - Throws: `InputError` (`usage`): half of it, or what does not go together.
  public init?(
    _ part: String?, of count: Int?, pool: String?,
    environment: [String: String]? = nil
  ) throws(InputError) {
    let environment = environment ?? ProcessInfo.processInfo.environment
    let given = Self.indexNames.compactMap { name in
      environment[name].flatMap { $0.isEmpty ? nil : (name: name, value: $0) }
    }
    self.pool = pool
    switch (part, count) {
    case (let text?, nil):
      self.part = try Self.part(text)
      source = "--part"
    case (nil, let count?):
      guard count > 0 else {
        throw InputError(
          .usage, "no number of parts", at: "--parts", expected: "at least 1", got: "\(count)")
      }
      guard let (name, value) = given.first else {
        throw InputError(
          .usage, "which of the \(count) parts is not said", at: "--parts",
          expected: Self.indexNames.joined(separator: " or ") + " in the environment",
          hint: "outside of an array job say it with --part 0/\(count)")
      }
      if let other = given.first(where: { $0.value != value }) {
        throw InputError(
          .usage, "the environment says twice which part this is", at: name, expected: other.value,
          got: value, hint: "say it with --part")
      }
      guard let index = Int(value), (0..<count).contains(index) else {
        throw InputError(
          .usage, "there is no such part", at: name,
          expected: "0 to \(count - 1), of --parts \(count)", got: value,
          hint: "parts count from 0: --array=0-\(count - 1)")
      }
      self.part = WorkPart(index, of: count)
      source = "\(name) \(index) of --parts \(count)"
    case (_?, _?):
      throw InputError(
        .usage, "two ways to say which part this is", got: "--part and --parts",
        hint: "--part 3/8 says all; with --parts the batch system says which")
    case (nil, nil):
      if let (name, value) = given.first {
        throw InputError(
          .usage, "this is one of several, and how many is not said", at: name, got: value,
          hint: "say it with --parts, or do everything here with --part 0/1")
      }
      guard pool == nil else {
        throw InputError(
          .usage, "a pool is for parts", at: "--pool", hint: "say which one with --part, as in 3/8")
      }
      return nil
    }
    if pool == nil {
      if self.part.count == 1 { return nil }
      throw InputError(
        .usage, "a part needs a folder to put its shards into", at: source,
        expected: "--pool, a folder that all parts share")
    }
  }

  /// Of a worker of a process that does a part.
  ///
  /// - Throws: `InputError` (`usage`) for what is none.
  public init(worker text: String) throws(InputError) {
    (part, pool, source) = (try Self.part(text), nil, "--part")
  }

  private static func part(_ text: String) throws(InputError) -> WorkPart {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    if numbers.count == 2, let index = numbers[0], let count = numbers[1], count > 0,
      (0..<count).contains(index)
    {
      return WorkPart(index, of: count)
    }
    throw InputError(
      .usage, "no part of the work", at: "--part", expected: "as 3/8, from 0/8 to 7/8", got: text)
  }

  /// What makes a worker's command line one of this part.
  public var workerArguments: [String] { ["--part", "\(part)"] }

  /// What it has for itself: on this machine's disk, below the run's folder.
  func folder(in run: String) -> String {
    "\(run)/parts/\(part.index)-of-\(part.count)"
  }

  /// Of the teacher caches of it.
  func cacheFolder(in run: String) -> String { "\(folder(in: run))/cache" }

  /// Opens the pool, and says what of it this part is and lacks.
  ///
  /// - Parameter plan: of the units of the whole cache.
  /// - Throws: as `PoolPart.init`.
  func open(
    _ plan: UnitPlan, of recipe: some CacheRecipe, stage: String, report: Console
  ) throws -> PoolPart {
    guard let pool else { preconditionFailure("a worker leaves the pool to its parent") }
    let opened = try PoolPart(part, of: plan, in: ShardPool(root: pool, recipe: recipe))
    let own = plan.units(of: part)
    let some = own.prefix(3).map(String.init).joined(separator: ", ")
    let numbers = own.isEmpty ? "none" : own.count > 3 ? "\(some), ..." : some
    report.say(
      stage,
      "part \(part.index) of \(part.count), counted from 0 (\(source)): \(own.count) of "
        + "\(plan.count.counted("unit")) (\(numbers)), \(own.count - opened.missing.count) of them in "
        + "\(opened.pool.folder.path) already")
    return opened
  }
}

extension PoolPart {
  /// Fills a cache with what the pool lacks of this part, and the pool from the cache. Whatever ends that,
  /// what is done by then goes to the pool.
  ///
  /// - Parameters:
  ///   - cache: of `images`.
  ///   - changes: of it, asked for when all that others began is in it.
  ///   - queue: what has changed, and refuses a disk that is too small.
  ///   - work: works off the cache's queue.
  func fill(
    _ cache: RegionCache, changes: () throws(InputError) -> CacheChanges,
    queue: (CacheChanges) throws(InputError) -> Void, stage: String, report: Console,
    _ work: () throws -> Void
  ) throws {
    let adopted = try adoptBegun(into: cache)
    if adopted > 0 {
      report.say(stage, "goes on after \(adopted.counted("image")) of units that others began")
    }
    let before = missing.count
    do {
      try queue(changes())
      try publish(from: cache.folder)
      if !missing.isEmpty { try work() }
      try publish(from: cache.folder)
    } catch {
      try? publish(from: cache.folder)
      try? publishBegun(from: cache.folder)
      throw error
    }
    guard missing.isEmpty else {
      throw InputError(
        .tryAgain, "\(missing.count.counted("unit")) of this part are not done yet",
        at: pool.folder.path, hint: "run the same command again")
    }
    report.say(stage, "put \(before.counted("unit")) into \(pool.folder.path)")
  }
}

/// What merging a pool came to. `schemas/cache-reports.md` describes its JSON.
public struct MergedPool: Encodable, Sendable {
  /// The folder of the cache.
  private let cache: String
  /// How many units there are, and those that neither pool nor cache has.
  private let units: Int
  private let missing: [Int]
  private let merge: CacheMerge
  /// For people.
  public internal(set) var lines: [String]
  /// The refusal (`tryAgain`, exit code 75) of a pool that lacks units, with the parts to be run again;
  /// nil where it lacks none.
  public internal(set) var refusal: InputError?

  private enum CodingKeys: CodingKey { case cache, units, missing, merge }

  /// - Parameter parts: how many there were; nil where the user does not say.
  init(_ found: PoolMerge, of pool: ShardPool, into folder: CacheFolder, parts: Int?) {
    (cache, units, missing) = (folder.path, found.units, found.missing)
    merge = found.merge
    lines = [
      "\(folder.path): added \(merge.images.counted("image")) in "
        + "\((merge.shardsTaken + merge.shardsWritten).counted("shard")); "
        + "\(merge.imagesInBoth) were there already",
      "\(found.units - found.missing.count) of \(found.units.counted("unit"))",
    ]
    guard !found.missing.isEmpty else {
      refusal = nil
      return
    }
    let hint =
      parts.map { parts in
        "run the parts that they are of again: --array="
          + WorkPart.list(found.missing.map { $0 % parts }) + " with --parts \(parts)"
      } ?? "--parts with the number of parts names those to be run again"
    refusal = InputError(
      .tryAgain, "the pool lacks units", at: pool.folder.path,
      expected: found.units.counted("unit"),
      got: "\(found.units - found.missing.count), without \(WorkPart.list(found.missing))",
      hint: hint)
  }
}
