import Foundation
public import Support
import Synchronization

/// The processes that train one network together, of which this is one. Rank 0, the leader, alone reads
/// and writes what the run keeps, and speaks for all.
///
/// All ranks come to the same calls in the same order. To be used by one thread.
public final class Ranks: Sendable {
  /// From 0.
  public let rank: Int
  public let count: Int
  private let transport: (any RankTransport)?
  private let thread: RankThread?
  private let state = Mutex(State())
  private let notes = Mutex<[String]>([])
  private let heard = Mutex<Set<String>>([])

  private struct State {
    /// Whether all ranks know that and why they end.
    var hasAgreed = false
    /// Whether this rank has left the others, who know it.
    var hasLeft = false
    /// Whether a call failed: the ranks are not at the same place any more.
    var isBroken = false
  }

  /// One process by itself.
  public static let alone = Ranks()

  private init() { (rank, count, transport, thread) = (0, 1, nil, nil) }

  /// - Parameter transport: is called by the thread that makes all calls.
  public init(
    _ transport: @escaping @Sendable () throws(InputError) -> any RankTransport
  ) throws(InputError) {
    let (thread, joined) = (RankThread(), Handed<any RankTransport>())
    thread.add { () throws(InputError) in joined.value = try transport() }
    _ = try thread.settle(patience: nil)
    let made = joined.value!
    (rank, count, self.transport, self.thread) = (made.rank, made.count, made, thread)
  }

  /// Which rank of how many.
  public struct Place: Equatable, Sendable {
    public let rank: Int
    public let count: Int

    public init(_ rank: Int, of count: Int) { (self.rank, self.count) = (rank, count) }
  }

  public var place: Place { Place(rank, of: count) }
  public var isAlone: Bool { count == 1 || state.withLock(\.hasLeft) }
  public var isLeader: Bool { rank == 0 }

  // MARK: - What they do together

  /// Has something done with the other ranks, after what was begun before and beside what this thread does
  /// next; `settle` waits for it.
  public func begin(
    _ work: @escaping @Sendable (any RankTransport) throws(InputError) -> Void
  ) {
    guard let transport, let thread else { return }
    thread.add { () throws(InputError) in try work(transport) }
  }

  /// Waits for all that was begun.
  ///
  /// - Parameter patience: how many seconds the other ranks may take; nil for any time.
  /// - Throws: `InputError` (`tryAgain`) where they cannot be reached, or take longer. The leader is the
  ///   first to, and then the second rank, so that it is said once.
  public func settle(patience: Int?) throws(InputError) {
    guard let thread else { return }
    do throws(InputError) {
      if try thread.settle(patience: patience.map { $0 + 2 * min(rank, 2) }) { return }
      throw InputError(
        .tryAgain, "the other ranks have not come within \(patience ?? 0) s: one of them hangs",
        hint:
          "the last checkpoint is kept, and the same command goes on; where steps do take so long, "
          + "\(StepPace.variable) is the number of seconds to wait")
    } catch {
      state.withLock { $0.isBroken = true }
      throw error
    }
  }

  /// The bytes of each rank, in their order, of any length.
  func gather(_ own: Data, patience: Int?) throws(InputError) -> [Data] {
    guard transport != nil else { return [own] }
    let (count, found) = (count, Handed<[Data]>())
    begin { transport throws(InputError) in
      let lengths = try transport.gathered(withUnsafeBytes(of: UInt64(own.count)) { Data($0) })
        .map { Int($0.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) }
      let longest = lengths.max() ?? 0
      let all = try transport.gathered(own + Data(count: longest - own.count))
      found.value = (0..<count).map { all[$0].prefix(lengths[$0]) }
    }
    try settle(patience: patience)
    return found.value!
  }

  // MARK: - What they say

  /// Where this rank says something: the leader on `console`, another one by notes for it.
  public func console(_ console: Console) -> Console {
    if isLeader { return console }
    return Console(.jsonLines) { [self] text in
      notes.withLock { $0 += text.split(separator: "\n").map(String.init) }
    }
  }

  /// The lines that this rank has said to nobody since it was asked last.
  public func takeNotes() -> [String] {
    notes.withLock { notes in
      defer { notes = [] }
      return notes
    }
  }

  /// Whether a note is the first of its words, as several ranks may meet the same.
  public func isNew(_ note: String) -> Bool { heard.withLock { $0.insert(note).inserted } }

  // MARK: - How they end

  /// What a rank throws that has nothing to say: all is said by another one.
  public struct End: Error, Equatable, Sendable {
    /// The process's exit code.
    public let code: Int32

    public init(code: Int32) { self.code = code }
  }

  /// To be thrown by each rank at the same place: the error itself by the leader.
  public func end(_ error: any Error) -> any Error {
    if isAlone { return error }
    state.withLock { $0.hasAgreed = true }
    return isLeader ? error : End(code: Failure(error).code)
  }

  /// Whether the others can still be told of an error, and need to.
  var isReached: Bool { !isAlone && state.withLock { !$0.hasAgreed && !$0.isBroken } }
  var isBroken: Bool { state.withLock(\.isBroken) }

  /// Leaves the other ranks, as all do at the same place, once each has come there: what one of them meets
  /// before ends all.
  ///
  /// - Throws: as `share`.
  public func part() throws {
    _ = try share(.success(true), patience: nil)
    try finish()
  }

  /// The same where all have come.
  private func finish() throws(InputError) {
    begin { $0.finish() }
    try settle(patience: 600)
    state.withLock { $0.hasLeft = true }
  }

  /// Leaves the other ranks before the process ends. Where they do not know that, they are ended.
  public func leave(code: Int32) {
    guard let transport, !isAlone else { return }
    if state.withLock({ ($0.hasAgreed || code == 0) && !$0.isBroken }), (try? finish()) != nil {
      return
    }
    transport.abandon(code: code)
  }
}

/// From one thread to another.
private final class Handed<Value: Sendable>: Sendable {
  private let held = Mutex<Value?>(nil)

  var value: Value? {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }
}

extension RankTransport {
  /// As many bytes of each rank.
  fileprivate func gathered(_ own: Data) throws(InputError) -> [Data] {
    var all = Data(count: count * own.count)
    var failure: InputError?
    own.withUnsafeBytes { own in
      all.withUnsafeMutableBytes { all in
        do throws(InputError) {
          if own.count > 0 { try gather(own, into: all) }
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return (0..<count).map { Data(all[$0 * own.count..<($0 + 1) * own.count]) }
  }
}
