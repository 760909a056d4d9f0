import Foundation
public import Ranks
import Support

/// Ranks that are threads of this process.
public final class RankGroup: @unchecked Sendable {
  private let count: Int
  private let condition = NSCondition()
  private var given: [Data?]
  private var results: [Data] = []
  private var isLeaving = 0
  /// Ranks that do not come any more.
  private let isHung: @Sendable (_ rank: Int, _ call: Int) -> Bool

  private init(_ count: Int, isHung: @escaping @Sendable (Int, Int) -> Bool) {
    self.count = count
    self.isHung = isHung
    given = Array(repeating: nil, count: count)
  }

  /// Calls `body` on each rank; returns what it gave, in their order.
  ///
  /// - Parameter isHung: whether a rank stays away from its call of that number for ever.
  public static func run<Value: Sendable>(
    _ count: Int,
    isHung: @escaping @Sendable (_ rank: Int, _ call: Int) -> Bool = { _, _ in false },
    _ body: @escaping @Sendable (Ranks) throws -> Value
  ) -> [Result<Value, any Error>] {
    let group = RankGroup(count, isHung: isHung)
    let results = Results<Value>(count)
    let done = DispatchGroup()
    for rank in 0..<count {
      done.enter()
      Thread.detachNewThread {
        let result = Result {
          try body(Ranks { () throws(InputError) in Member(rank, of: group) })
        }
        results.set(rank, result)
        done.leave()
      }
    }
    done.wait()
    return results.all
  }

  private final class Results<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Result<Value, any Error>?]

    init(_ count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ rank: Int, _ value: Result<Value, any Error>) {
      lock.withLock { values[rank] = value }
    }
    var all: [Result<Value, any Error>] { lock.withLock { values.map { $0! } } }
  }

  /// Gives `own`, and takes what all gave.
  fileprivate func meet(_ rank: Int, _ own: Data) -> [Data] {
    condition.lock()
    defer { condition.unlock() }
    // Those of the meeting before have to be gone.
    while isLeaving > 0 { condition.wait() }
    given[rank] = own
    if given.allSatisfy({ $0 != nil }) {
      results = given.map { $0! }
      given = Array(repeating: nil, count: count)
      isLeaving = count
      condition.broadcast()
    }
    while isLeaving == 0 { condition.wait() }
    isLeaving -= 1
    condition.broadcast()
    return results
  }

  private final class Member: RankTransport, @unchecked Sendable {
    let rank: Int
    var count: Int { group.count }
    private let group: RankGroup
    private var calls = 0

    init(_ rank: Int, of group: RankGroup) { (self.rank, self.group) = (rank, group) }

    private func meet(_ own: Data) -> [Data] {
      calls += 1
      if group.isHung(rank, calls) { while true { Thread.sleep(forTimeInterval: 100) } }
      return group.meet(rank, own)
    }

    func gather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
      let found = meet(Data(own))
      precondition(found.allSatisfy { $0.count == own.count }, "ranks give different sizes")
      all.copyBytes(from: found.joined())
    }

    func send(_ bytes: UnsafeMutableRawBufferPointer) {
      bytes.copyBytes(from: meet(Data(bytes))[0])
    }

    func sum(_ values: UnsafeMutableBufferPointer<Float>) {
      let all = meet(Data(UnsafeRawBufferPointer(values)))
      for place in values.indices {
        values[place] = all.reduce(0) { sum, data in
          sum + data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * place, as: Float.self) }
        }
      }
    }

    func finish() { _ = meet(Data()) }

    func abandon(code: Int32) {}
  }
}
